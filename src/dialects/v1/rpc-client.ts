/**
 * wRPC over NATS, the calling end: publishes an invocation, hands over the rest of the parameters when it is
 * accepted, and reads the results.
 */
import type { Bus, BusMessage } from "../../core/bus.ts";
import type { Call, Callee } from "../../core/call.ts";
import type { EntityId, LatticeId } from "../../core/ids.ts";
import type { WitType, WitValue, World } from "../../core/wit.ts";
import type { Inboxes } from "./inboxes.ts";

import { asLatticeError, LatticeError } from "../../core/error.ts";
import { createTupleDecoder, encodeTuple, paramTypes, resultTypes } from "../../wire/value.ts";
import { headerBytes, invocationSubject, unservable } from "../../wire/wrpc.ts";

const END = new Uint8Array(0);

export interface ClientParts {
  readonly rpc: Bus;
  readonly lattice: LatticeId;
  readonly inboxes: Inboxes;
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
      const obstacle = unservable(call.func, type);
      if (obstacle !== undefined) throw new LatticeError("unsupported", obstacle);
      call.signal.throwIfAborted();
      const params = encodeTuple(paramTypes(type), call.args);
      return exchange(parts, target, call, params, resultTypes(type));
    },
  };
}

function exchange(
  { rpc, lattice, inboxes }: ClientParts,
  target: EntityId,
  call: Call,
  params: Uint8Array,
  results: readonly WitType[],
): Promise<readonly WitValue[]> {
  const subject = invocationSubject(lattice, target, call.instance, call.func);
  return new Promise((resolve, reject) => {
    const decoder = createTupleDecoder(results);
    const headers = headersOf(call);
    const first = params.subarray(0, rpc.maxPayload - headerBytes(headers));
    const settled = new AbortController();
    const settle = (finish: () => void): void => {
      settled.abort();
      inbox.close();
      finish();
    };
    const fail = (error: unknown): void => settle(() => reject(error));

    const accepted = (message: BusMessage): void => {
      if (message.status !== undefined) return fail(refusal(message.status, target, call));
      if (message.reply === undefined) {
        return fail(
          new LatticeError("bad-message", `${target} accepted the call without naming its inbox`),
        );
      }
      const rest = `${message.reply}.params`;
      for (let start = first.length; start < params.length; start += rpc.maxPayload) {
        rpc.publish(rest, params.subarray(start, start + rpc.maxPayload));
      }
      // Also when everything went with the invocation: statically bound Rust servers wait for it.
      rpc.publish(rest, END);
    };
    const resulted = ({ data }: BusMessage): void => {
      if (data.length === 0) {
        if (results.length === 0) return settle(() => resolve([]));
        return fail(
          new LatticeError(
            "incomplete",
            `${target} ended ${call.func} without a result: it failed there`,
          ),
        );
      }
      const values = decoder.push(data);
      if (values !== undefined && results.length > 0) settle(() => resolve(values));
    };
    const inbox = inboxes.open((path, message) => {
      try {
        if (path === "") accepted(message);
        else if (path === "results") resulted(message);
      } catch (cause) {
        fail(cause);
      }
    });
    const giveUp = (): void => fail(asLatticeError(call.signal.reason, "aborted"));
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

function headersOf(call: Call): ReadonlyMap<string, string> {
  const headers = new Map(call.trace);
  if (call.source !== undefined) headers.set("source-id", call.source);
  headers.set("link-name", call.link);
  return headers;
}

function refusal(status: number, target: EntityId, { instance, func }: Call): LatticeError {
  const what = instance === "" ? func : `${instance}.${func}`;
  if (status === 503) return new LatticeError("not-served", `nobody serves ${what} of ${target}`);
  return new LatticeError(
    "deadline",
    `the server ended the call of ${what} of ${target} with status ${status}`,
  );
}
