/**
 * `wasmcloud:messaging` of 0.82 and of 1.x (wasmCloud v0.82.0 `crates/compat/src/messaging.rs`,
 * `crates/providers/messaging-nats`).
 */
/* oxlint-disable typescript/no-unsafe-type-assertion -- both ends were checked by the types of the interface */
import type { WitValue } from "../../../core/wit.ts";
import type { CalledFunction, CallFunction, Contract, ServedOperation } from "./contract.ts";

import { bytes, readMsgpack, struct, writeMsgpack } from "../../../wire/msgpack.ts";
import { defaulting, natural, optional, text } from "../../../wire/shape.ts";
import { demandOk, functionName, NOTHING } from "./contract.ts";

const CONSUMER = "wasmcloud:messaging/consumer@0.2.0";
const HANDLER = "wasmcloud:messaging/handler@0.2.0";
const EMPTY = new Uint8Array(0);

interface WireMessage {
  readonly subject: string;
  readonly replyTo: string | undefined;
  readonly body: Uint8Array;
}

const message = struct<WireMessage>({
  subject: text,
  replyTo: optional(text),
  body: defaulting(bytes, EMPTY),
});
const request = struct<{ subject: string; body: Uint8Array; timeoutMs: number }>({
  subject: text,
  body: defaulting(bytes, EMPTY),
  timeoutMs: defaulting(natural(0xffff_ffff), 0),
});

/** Both forms have the same names, but for the order in which 0.82 writes them. */
const written = (value: WitValue): Uint8Array => {
  const { subject, replyTo, body } = value as WireMessage;
  return writeMsgpack({ subject, replyTo, body });
};

const serve = (
  instance: string,
  run: (argument: Uint8Array, call: CallFunction) => Promise<Uint8Array>,
): ServedOperation => ({ needs: [instance], serve: run });

/** What `err` of the interface says; a failure of the machinery stays one. */
const ok = (val?: WitValue): readonly WitValue[] => [{ tag: "ok", val }];

const called: ReadonlyMap<string, CalledFunction> = new Map<string, CalledFunction>([
  [
    functionName(CONSUMER, "publish"),
    async ([given], send) => {
      await send("Messaging.Publish", written(given));
      return ok();
    },
  ],
  [
    functionName(CONSUMER, "request"),
    async ([subject, body, timeoutMs], send) => {
      const reply = await send("Messaging.Request", writeMsgpack({ subject, body, timeoutMs }));
      return ok(readMsgpack(reply, message));
    },
  ],
  [
    functionName(HANDLER, "handle-message"),
    async ([given], send) => {
      await send("MessageSubscriber.HandleMessage", written(given));
      return ok();
    },
  ],
]);

const served: ReadonlyMap<string, ServedOperation> = new Map([
  [
    "Messaging.Publish",
    serve(CONSUMER, async (argument, call) => {
      const given = readMsgpack(argument, message);
      demandOk("Messaging.Publish", await call(CONSUMER, "publish", [given]));
      return NOTHING;
    }),
  ],
  [
    "Messaging.Request",
    serve(CONSUMER, async (argument, call) => {
      const { subject, body, timeoutMs } = readMsgpack(argument, request);
      const results = await call(CONSUMER, "request", [subject, body, timeoutMs]);
      return written(demandOk("Messaging.Request", results));
    }),
  ],
  [
    "MessageSubscriber.HandleMessage",
    serve(HANDLER, async (argument, call) => {
      const given = readMsgpack(argument, message);
      demandOk("MessageSubscriber.HandleMessage", await call(HANDLER, "handle-message", [given]));
      return NOTHING;
    }),
  ],
]);

export function messagingContract(): Contract {
  return { id: "wasmcloud:messaging", served, called };
}
