/**
 * wRPC over NATS, the serving end (`wrpc.0.0.1` as wasmCloud 1.1 and later speak it; bytecodealliance/wrpc
 * `crates/transport-nats/src/lib.rs` @ crates/transport-nats/v0.28.1).
 *
 * One queue subscription for each exported function. A call is accepted at once, or a moment later with its results;
 * its parameters are gathered beside those of all other calls, and its results end with an empty message. The protocol
 * has no word for failure: a call that failed ends without a result.
 */
import type { Bus, BusMessage, Subscription } from "../../core/bus.ts";
import type { Callee } from "../../core/call.ts";
import type { Served, Serving } from "../../core/dialect.ts";
import type { WitType } from "../../core/wit.ts";
import type { RpcParts } from "./parameters.ts";

import { flushed } from "../../core/bus.ts";
import { asLatticeError, LatticeError, messageOf } from "../../core/error.ts";
import { entityId } from "../../core/ids.ts";
import { encodeTuple, paramTypes, resultTypes } from "../../wire/value.ts";
import { invocationSubject, queueGroup, unservable } from "../../wire/wrpc.ts";
import { gatherParameters } from "./parameters.ts";

const END = new Uint8Array(0);

/** One exported function, as calls of it are read and answered. */
interface Endpoint {
  readonly subject: string;
  readonly instance: string;
  readonly func: string;
  readonly params: readonly WitType[];
  readonly results: readonly WitType[];
}

/** Serves `served` in its queue groups, as long as it accepts. */
export async function serve(
  parts: RpcParts,
  served: Served,
  signal: AbortSignal,
): Promise<Serving> {
  const { rpc, log } = parts;
  const endpoints = endpointsOf(parts, served);
  const inFlight = new Set<Promise<void>>();
  let subscriptions: readonly Subscription[] = [];
  let denied: LatticeError | undefined;
  let draining = false;
  let change = Promise.resolve();

  const receive = (endpoint: Endpoint, message: BusMessage): void => {
    const answered = answer(parts, served, endpoint, message, signal);
    inFlight.add(answered);
    void answered.then(() => inFlight.delete(answered));
  };
  const join = (): void => {
    const queue = queueGroup(parts.lattice, served.id);
    subscriptions = endpoints.map((endpoint) =>
      rpc.subscribe(endpoint.subject, (message) => receive(endpoint, message), {
        queue,
        onDenied: (error) => {
          log.error("serve.denied", { subject: endpoint.subject, problem: error.message });
          denied = new LatticeError(
            "denied",
            `these credentials may not serve ${endpoint.subject}`,
            {
              cause: error,
            },
          );
        },
      }),
    );
  };
  const leave = async (): Promise<void> => {
    const left = subscriptions;
    subscriptions = [];
    await Promise.all(left.map((subscription) => subscription.drain()));
  };
  /** Brings membership in line with what is wanted now. */
  const align = async (): Promise<void> => {
    const accepting = served.accepting.peek() && parts.gatherings.room.peek();
    const wanted = !draining && !signal.aborted && accepting;
    if (wanted && subscriptions.length === 0) {
      join();
      log.info("serve.joined", { workload: served.id });
    } else if (!wanted && subscriptions.length > 0) {
      log.info("serve.left", { workload: served.id });
      await leave();
    }
  };
  /** As {@link align}, after earlier changes: they never overlap. */
  const settle = (): Promise<void> => (change = change.then(align));

  served.accepting.subscribe(() => void settle(), signal);
  parts.gatherings.room.subscribe(() => void settle(), signal);
  signal.addEventListener("abort", () => subscriptions.forEach((each) => each.unsubscribe()), {
    once: true,
  });
  await settle();
  await flushed(rpc, signal);
  // The server refuses before it answers the flush.
  const refusal = denied ?? parts.inboxes.denied();
  if (refusal !== undefined) {
    subscriptions.forEach((each) => each.unsubscribe());
    throw refusal;
  }
  return {
    async drain() {
      draining = true;
      await settle();
      await Promise.all(inFlight);
    },
  };
}

function endpointsOf({ lattice, log }: RpcParts, { id, world }: Served): readonly Endpoint[] {
  const endpoints: Endpoint[] = [];
  for (const [instance, functions] of world.exports) {
    for (const [func, type] of functions) {
      const obstacle = unservable(func, type);
      if (obstacle !== undefined) {
        log.warn("serve.skipped", { workload: id, instance, func, problem: obstacle });
        continue;
      }
      endpoints.push({
        subject: invocationSubject(lattice, id, instance, func),
        instance,
        func,
        params: paramTypes(type),
        results: resultTypes(type),
      });
    }
  }
  return endpoints;
}

async function answer(
  parts: RpcParts,
  served: Served,
  endpoint: Endpoint,
  message: BusMessage,
  ended: AbortSignal,
): Promise<void> {
  const { rpc, log, acceptances } = parts;
  const { instance, func } = endpoint;
  const { reply } = message;
  if (reply === undefined) {
    log.warn("call.without-reply", { workload: served.id, instance, func });
    return;
  }
  const results = `${reply}.results`;
  const parameters = gatherParameters(parts, endpoint, message, {
    deadlineMs: served.deadlineMs,
    ended,
  });
  const { subject, values: given } = parameters;
  const publishAcceptance = (): void => rpc.publish(reply, END, { reply: subject });
  // Most parameters are here with the first message: then the caller has nothing to send and waits for results alone.
  const later = given instanceof Promise;
  const accept = later
    ? once(publishAcceptance)
    : acceptances.hold(() => attempt(parts, reply, publishAcceptance));
  const answered: Callee = {
    async invoke(call) {
      if (later) accept();
      const args = later ? await given : given;
      const values = await served.callee.invoke({ ...call, args });
      const bytes = encodeTuple(endpoint.results, values, "results");
      accept();
      publishResults(rpc, results, bytes);
      return values;
    },
  };
  try {
    await served.intercept(answered).invoke({
      id: subject,
      source: sourceOf(message),
      target: served.id,
      link: message.headers?.get("link-name") ?? "default",
      instance,
      func,
      args: [],
      trace: traceOf(message),
      signal: parameters.signal,
    });
  } catch (cause) {
    const { code } = asLatticeError(cause);
    log.warn("call.failed", {
      workload: served.id,
      instance,
      func,
      code,
      problem: messageOf(cause),
    });
    attempt(parts, reply, () => {
      accept();
      rpc.publish(results, END);
    });
  } finally {
    parameters.close();
  }
}

function publishResults(rpc: Bus, subject: string, bytes: Uint8Array): void {
  for (let start = 0; start < bytes.length; start += rpc.maxPayload) {
    rpc.publish(subject, bytes.subarray(start, start + rpc.maxPayload));
  }
  rpc.publish(subject, END);
}

function once(run: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    run();
  };
}

/** Where there is no connection to tell the caller on, it sees its own deadline. */
function attempt({ log }: RpcParts, subject: string, publish: () => void): void {
  try {
    publish();
  } catch (cause) {
    log.warn("call.unanswered", { subject, problem: messageOf(cause) });
  }
}

function sourceOf(message: BusMessage): ReturnType<typeof entityId> | undefined {
  const source = message.headers?.get("source-id");
  try {
    return source === undefined ? undefined : entityId(source);
  } catch {
    return undefined; // a name that nobody could be called by: the caller stays unknown
  }
}

const NO_TRACE: ReadonlyMap<string, string> = new Map();

function traceOf({ headers }: BusMessage): ReadonlyMap<string, string> {
  if (headers === undefined) return NO_TRACE;
  const trace = new Map<string, string>();
  for (const name of ["traceparent", "tracestate"]) {
    const value = headers.get(name);
    if (value !== undefined) trace.set(name, value);
  }
  return trace;
}
