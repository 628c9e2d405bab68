/**
 * A peer of wRPC that is no code of ours: the NATS client, and messages that the test writes byte by byte.
 */
import { type MsgHdrs, type NatsConnection, headers as natsHeaders } from "nats.ws";
import { fromHex } from "./hex.ts";

/** A message as it came to an inbox of the peer. */
export interface Heard {
  /** What follows the inbox: empty, `results`, `params.0.1`. */
  readonly path: string;
  readonly hex: string;
  readonly reply: string | undefined;
  readonly headers: MsgHdrs | undefined;
}

/** One call, from the peer's side. */
export interface Conversation {
  /** The peer's own inbox. */
  readonly inbox: string;
  /** The first message of the other side, if the peer is the callee. */
  readonly invocation: { readonly hex: string; readonly headers: MsgHdrs | undefined };
  readonly heard: readonly Heard[];
  /** What came on one path, in order. */
  on(path: string): readonly string[];
  /** Resolves when `wanted` holds; looks at each message that comes. */
  until(wanted: () => boolean, ms?: number): Promise<void>;
  /** Sends to the other side's inbox, whose place follows with `path`. */
  send(path: string, data: string | Uint8Array): void;
  /** Publishes the acceptance, as a callee. */
  accept(headers?: Readonly<Record<string, string>>): void;
  /** Stops to listen, as a peer that dies does. */
  leave(): void;
}

let count = 0;

/** Calls `subject` as a caller does; the other side's inbox is known once it has accepted. */
export async function startCall(
  nats: NatsConnection,
  subject: string,
  params: string | Uint8Array,
  headers?: Readonly<Record<string, string>>,
): Promise<Conversation> {
  const conversation = converse(nats, { hex: "", headers: undefined }, undefined);
  nats.publish(subject, bytesOf(params), {
    reply: conversation.inbox,
    ...(headers && { headers: carried(headers) }),
  });
  await conversation.until(() => conversation.heard.some(({ path }) => path === ""));
  return conversation;
}

/** Takes the next calls of `subject` as a callee; they are not accepted yet. */
export async function answerCalls(
  nats: NatsConnection,
  subject: string,
  take: (conversation: Conversation) => void,
): Promise<void> {
  nats.subscribe(subject, {
    callback: (_, message) => {
      const invocation = { hex: toHex(message.data), headers: message.headers };
      take(converse(nats, invocation, message.reply ?? ""));
    },
  });
  await nats.flush();
}

/** As {@link answerCalls}, for one call; resolve the second when it has come. */
export async function answerCall(
  nats: NatsConnection,
  subject: string,
): Promise<{ readonly next: Promise<Conversation> }> {
  let resolve: (conversation: Conversation) => void;
  const next = new Promise<Conversation>((done) => (resolve = done));
  await answerCalls(nats, subject, (conversation) => resolve(conversation));
  return { next };
}

function converse(
  nats: NatsConnection,
  invocation: Conversation["invocation"],
  caller: string | undefined,
): Conversation {
  const inbox = `_INBOX.peer${++count}.${crypto.randomUUID()}`;
  const heard: Heard[] = [];
  const wakes = new Set<() => void>();
  let other = caller;
  const subscriptions = [inbox, `${inbox}.>`].map((subject) =>
    nats.subscribe(subject, {
      callback: (_, { subject: at, data, reply, headers }) => {
        const path = at.slice(inbox.length + 1);
        heard.push({ path, hex: toHex(data), reply, headers });
        if (path === "" && caller === undefined) other = reply;
        for (const wake of Array.from(wakes)) wake();
      },
    }),
  );
  return {
    inbox,
    invocation,
    heard,
    on: (path) => heard.filter((each) => each.path === path).map(({ hex }) => hex),
    until: (wanted, ms = 30_000) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!wanted()) return;
          wakes.delete(look);
          clearTimeout(timer);
          resolve();
        };
        const timer = setTimeout(() => {
          wakes.delete(look);
          const all = heard.map(({ path, hex }) => `${path}=${hex.slice(0, 40)}`).join(" ");
          reject(new Error(`not within ${ms} ms; heard: ${all}`));
        }, ms);
        wakes.add(look);
        look();
      }),
    send: (path, data) =>
      nats.publish(path === "" ? `${other}` : `${other}.${path}`, bytesOf(data)),
    accept: (headers) =>
      nats.publish(`${other}`, undefined, {
        reply: inbox,
        ...(headers && { headers: carried(headers) }),
      }),
    leave: () => subscriptions.forEach((each) => each.unsubscribe()),
  };
}

/** Quick enough for bodies of many megabytes. */
const toHex = (data: Uint8Array): string =>
  Buffer.from(data.buffer, data.byteOffset, data.length).toString("hex");

const bytesOf = (data: string | Uint8Array): Uint8Array =>
  typeof data === "string" ? fromHex(data) : data;

function carried(headers: Readonly<Record<string, string>>): MsgHdrs {
  const all = natsHeaders();
  for (const [name, value] of Object.entries(headers)) all.set(name, value);
  return all;
}
