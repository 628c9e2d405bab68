/**
 * wRPC over NATS, the calling end: publishes an invocation, hands over the rest of the parameters when it is
 * accepted, and reads the results. Streams and futures flow both ways beside and behind them.
 *
 * There is one deadline, that of the call's signal. A wasmCloud host that is full accepts when there is room again, so
 * that only the server's word (503) tells at once that nobody is there.
 */
import type { Bus, BusMessage } from "../../core/bus.ts";
import type { Call, Callee, Results } from "../../core/call.ts";
import type { EntityId, LatticeId } from "../../core/ids.ts";
import type { FuncType, World } from "../../core/wit.ts";
import type { EncodedTuple } from "../../wire/value.ts";
import type { Gatherings, Share } from "./gathering.ts";
import type { Inboxes } from "./inboxes.ts";
import type { RoundTrips } from "./pace.ts";

import { flowing } from "../../core/call.ts";
import { timed } from "../../core/call-probe.ts";
import { asLatticeError, LatticeError } from "../../core/error.ts";
import {
  anyDefers,
  createTupleDecoder,
  encodeParts,
  encodeTuple,
  paramTypes,
  resultTypes,
} from "../../wire/value.ts";
import { abandon } from "../../wire/value-deferred.ts";
import { hasHandles, placeForCaller } from "../../interfaces/places.ts";
import { placePrefix, placeTail } from "../../wire/place-subjects.ts";
import { headerBytes, invocationSubject, unservable } from "../../wire/wrpc.ts";
import { createCallStreams } from "./call-streams.ts";
import { FLOW_HEADER, WINDOW_BYTES } from "./flow.ts";
import { saysGone, SESSION_HEADER } from "./resources.ts";

const END = new Uint8Array(0);
/** Results of one call, in bytes, streams aside: what a peer may make this node keep. */
const MOST_RESULT_BYTES = 64 * 1024 * 1024;

export interface ClientParts {
  readonly rpc: Bus;
  readonly lattice: LatticeId;
  readonly inboxes: Inboxes;
  readonly roundTrips: RoundTrips;
  /** Of calls out: what their results take until they are read. */
  readonly gatherings: Gatherings;
}

/** Calls `target` by the function types of `world`'s exports. */
export function reach(parts: ClientParts, target: EntityId, world: World): Callee {
  return {
    async invoke(call) {
      const type = world.exports.get(call.instance)?.get(call.func);
      if (type === undefined) {
        const name = call.instance === "" ? call.func : `${call.instance}#${call.func}`;
        throw new LatticeError("types-unknown", `the types at hand have no function ${name}`);
      }
      const obstacle = unservable(call.func, type, { handles: true });
      if (obstacle !== undefined) throw new LatticeError("unsupported", obstacle);
      call.signal.throwIfAborted();
      return exchange(parts, target, call, type);
    },
  };
}

/** How far a call has come, for the words of an error. */
type Phase = "sent" | "accepted" | "answered";

function exchange(
  parts: ClientParts,
  target: EntityId,
  call: Call,
  type: FuncType,
): Promise<Results> {
  const { rpc, lattice, inboxes } = parts;
  const at = call.place ?? placeForCaller(type, call);
  const subject =
    at === undefined
      ? invocationSubject(lattice, target, call.instance, call.func)
      : placePrefix(lattice, target, at) + placeTail(call.instance, call.func);
  const types = { params: paramTypes(type), results: resultTypes(type) };
  const streamed = anyDefers(types.params) || anyDefers(types.results);
  const params: EncodedTuple = timed(call.probe, "encode", () =>
    streamed
      ? encodeParts(types.params, call.args)
      : { bytes: encodeTuple(types.params, call.args), parts: [] },
  );
  return new Promise((resolve, reject) => {
    // Most results come whole: only what has to be kept is counted.
    let share: Share | undefined = streamed ? parts.gatherings.enter() : undefined;
    const streams = share
      ? createCallStreams({
          rpc,
          roundTrips: parts.roundTrips,
          incoming: { name: "results", types: types.results },
          share,
          peer: target,
          onAbandoned: () => undefined, // only a caller can give a call up
        })
      : undefined;
    const decoder = createTupleDecoder(types.results, streams?.open);
    const headers = headersOf(call, streamed, hasHandles(type));
    const first = params.bytes.subarray(0, rpc.maxPayload - headerBytes(headers));
    const settled = new AbortController();
    let phase: Phase = "sent";
    let sending: Promise<void> = Promise.resolve();
    const settle = (finish: () => void, reason?: unknown): void => {
      settled.abort();
      inbox.close();
      if (phase === "sent") for (const part of params.parts) abandon(part, reason);
      share?.release();
      finish();
    };
    const fail = (error: unknown): void => {
      if (settled.signal.aborted) return;
      streams?.end(error, { abandoned: phase !== "sent" });
      settle(() => reject(error), error);
    };
    /** Gives the results; what flows in them and to the callee goes on. */
    const give = (values: readonly unknown[]): void => {
      phase = "answered";
      if (streams === undefined) return settle(() => resolve(values));
      const ended = streams.received();
      resolve(flowing(values, ended));
      const close = (): void => {
        if (!settled.signal.aborted) settle(() => streams.end(over(target)));
      };
      void Promise.allSettled([ended, sending]).then(close);
    };

    const accepted = (message: BusMessage): void => {
      if (message.status === 503 && at !== undefined) return fail(gone(target, call));
      if (message.status !== undefined) return fail(refusal(message.status, target, call));
      if (phase !== "sent") return;
      if (message.reply === undefined) {
        return fail(
          new LatticeError("bad-message", `${target} accepted the call without naming its inbox`),
        );
      }
      phase = "accepted";
      const rest = `${message.reply}.params`;
      for (let start = first.length; start < params.bytes.length; start += rpc.maxPayload) {
        rpc.publish(rest, params.bytes.subarray(start, start + rpc.maxPayload));
      }
      // Also when everything went with the invocation: statically bound Rust servers wait for it. At once, and before
      // whatever flows: they serve nobody else until it is there.
      rpc.publish(rest, END);
      if (streams === undefined) return;
      streams.meet(message.reply, message.headers);
      sending = streams.send(params.parts);
      sending.catch(() => undefined); // the callee sees where it broke off, its source knows why
    };
    let received = 0;
    const resulted = ({ data, headers: told }: BusMessage): void => {
      if (phase === "answered") return;
      if (data.length === 0 && saysGone(told)) return fail(gone(target, call));
      if (data.length === 0) {
        if (types.results.length === 0) return give([]);
        return fail(
          new LatticeError(
            "incomplete",
            `${target} ended ${call.func} without a result: it failed there`,
          ),
        );
      }
      const values = timed(call.probe, "decode", () => decoder.push(data));
      if (values !== undefined) {
        if (types.results.length > 0) give(values);
        return;
      }
      received += data.length;
      if (received > MOST_RESULT_BYTES) {
        throw new LatticeError("too-large", `results run past ${MOST_RESULT_BYTES} bytes`);
      }
      (share ??= parts.gatherings.enter()).add(data.length);
    };
    const inbox = inboxes.open((path, message) => {
      try {
        if (path === "") accepted(message);
        else if (path === "results") resulted(message);
        else streams?.receive(path, message);
      } catch (cause) {
        fail(cause);
      }
    });
    const giveUp = (): void => fail(late(call, target, phase));
    call.signal.addEventListener("abort", giveUp, { once: true, signal: settled.signal });
    // Whatever was on its way is lost with the connection, and nobody sends it again.
    rpc.status.subscribe(
      () =>
        fail(
          new LatticeError("disconnected", `the connection was lost while ${target} was called`),
        ),
      settled.signal,
    );
    try {
      rpc.publish(subject, first, { reply: inbox.subject, headers });
    } catch (cause) {
      fail(cause);
    }
  });
}

const over = (target: EntityId): LatticeError =>
  new LatticeError("closed", `the call of ${target} has ended`);

function headersOf(call: Call, streamed: boolean, handles: boolean): ReadonlyMap<string, string> {
  const headers = new Map(call.trace);
  if (call.source !== undefined) headers.set("source-id", call.source);
  // Always: providers get no context at all from a message without headers.
  headers.set("link-name", call.link);
  if (handles && call.session !== undefined) headers.set(SESSION_HEADER, call.session);
  if (streamed) headers.set(FLOW_HEADER, String(WINDOW_BYTES));
  return headers;
}

function gone(target: EntityId, call: Call): LatticeError {
  return new LatticeError("gone", `${target} has no such resource for ${nameOf(call)} any more`);
}

function refusal(status: number, target: EntityId, call: Call): LatticeError {
  const what = nameOf(call);
  if (status === 503) return new LatticeError("not-served", `nobody serves ${what} of ${target}`);
  return new LatticeError(
    "deadline",
    `the server ended the call of ${what} of ${target} with status ${status}`,
  );
}

const nameOf = ({ instance, func }: Call): string =>
  instance === "" ? func : `${instance}.${func}`;

const UNTIL_THEN: Readonly<Record<Phase, string>> = {
  sent: "it was not accepted until then",
  accepted: "it was accepted, its results did not come until then",
  answered: "its results came, what flows in them did not end until then",
};

/** The reason of the call's signal, with how far the call had come. */
function late(call: Call, target: EntityId, phase: Phase): LatticeError {
  const { reason } = call.signal;
  const isTimeout = reason instanceof DOMException && reason.name === "TimeoutError";
  const { code, message } = asLatticeError(reason, isTimeout ? "deadline" : "aborted");
  const text = `${message} (${nameOf(call)} of ${target}: ${UNTIL_THEN[phase]})`;
  return new LatticeError(code, text, { cause: reason });
}
