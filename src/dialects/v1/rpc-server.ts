/**
 * wRPC over NATS, the serving end (`wrpc.0.0.1` as wasmCloud 1.1 and later speak it; bytecodealliance/wrpc
 * `crates/transport-nats/src/lib.rs` @ crates/transport-nats/v0.28.1).
 *
 * One queue subscription for each exported function. A call is accepted at once, or a moment later with its results;
 * its parameters are gathered beside those of all other calls, and its results end with an empty message. The protocol
 * has no word for failure: a call that failed ends without a result. Streams and futures of the results follow behind that
 * message, each on a path of its own; the call runs until they have ended.
 */
import type { Bus, BusMessage, PublishOptions } from "../../core/bus.ts";
import type { Callee } from "../../core/call.ts";
import type { Served, Serving } from "../../core/dialect.ts";
import type { WitType } from "../../core/wit.ts";
import type { RpcParts } from "./parameters.ts";

import { timed } from "../../core/call-probe.ts";
import { asLatticeError, messageOf } from "../../core/error.ts";
import { entityId } from "../../core/ids.ts";
import { anyDefers, encodeParts, encodeTuple, paramTypes, resultTypes } from "../../wire/value.ts";
import { handleNotLast, invocationSubject, queueGroup, unservable } from "../../wire/wrpc.ts";
import { createQueueGroups } from "../queue-groups.ts";
import { FLOW_HEADER, readWindow, WINDOW_BYTES } from "./flow.ts";
import { type Gathering, gatherParameters } from "./parameters.ts";
import { answerGone, failureOptions, sessionOf, subscribeToPlace } from "./resources.ts";

const END = new Uint8Array(0);

/** One exported function, as calls of it are read and answered. */
interface Endpoint {
  readonly subject: string;
  readonly instance: string;
  readonly func: string;
  readonly params: readonly WitType[];
  readonly results: readonly WitType[];
  /** Parameters or results have streams or futures. */
  readonly streams: boolean;
  /** The place that the call was sent to, if it was to one. */
  readonly at?: string;
}

/** Serves `served` in its queue groups, as long as it accepts. */
export async function serve(
  parts: RpcParts,
  served: Served,
  signal: AbortSignal,
): Promise<Serving> {
  const { rpc, log } = parts;
  const endpoints = endpointsOf(parts, served);
  const queue = queueGroup(parts.lattice, served.id);
  const answerAt = (endpoint: Endpoint, message: BusMessage, at?: string): Promise<void> =>
    answer(parts, served, { ...endpoint, ...(at && { at }) }, message, signal);
  const groups = createQueueGroups(
    {
      rpc,
      log,
      id: served.id,
      subjects: endpoints.map((endpoint) => ({
        subject: endpoint.subject,
        queue,
        answer: (message) => answerAt(endpoint, message),
      })),
      accepting: [served.accepting, parts.gatherings.room],
    },
    signal,
  );
  const place = subscribeToPlace({
    rpc,
    lattice: parts.lattice,
    log,
    served,
    endpoints,
    receive: (endpoint, message) => {
      if (signal.aborted) answerGone(rpc, message);
      else groups.count(answerAt(endpoint, message, served.resources?.place));
    },
    onDenied: (subject, cause) => groups.deny(subject, cause),
  });
  // Whoever calls before the server knows of the end hears of it from here: no other member has its place.
  const leavePlace = (): void => void place?.drain().catch(() => undefined); // a line that is down tells nobody
  signal.addEventListener("abort", leavePlace, { once: true });
  const refusal = (await groups.join()) ?? parts.inboxes.denied();
  if (refusal !== undefined) {
    groups.unsubscribe();
    place?.unsubscribe();
    throw refusal;
  }
  return { drain: () => groups.drain(), broken: groups.denied };
}

function endpointsOf(
  { lattice, log }: RpcParts,
  { id, world, handles = false }: Served,
): readonly Endpoint[] {
  const endpoints: Endpoint[] = [];
  for (const [instance, functions] of world.exports) {
    for (const [func, type] of functions) {
      const obstacle = unservable(func, type, { handles });
      if (obstacle !== undefined) {
        log.warn("serve.skipped", { workload: id, instance, func, problem: obstacle });
        continue;
      }
      const misplaced = type.result && handleNotLast(type.result);
      if (misplaced !== undefined) {
        // Whoever wrote the interface can mend it; other callers than wasmCloud's components are served well.
        log.warn("serve.handle-not-last", { workload: id, instance, func, resource: misplaced });
      }
      const params = paramTypes(type);
      const results = resultTypes(type);
      endpoints.push({
        subject: invocationSubject(lattice, id, instance, func),
        instance,
        func,
        params,
        results,
        streams: anyDefers(params) || anyDefers(results),
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
  const arrivedMs = served.watched?.() === true ? parts.clock.monotonic() : undefined;
  const parameters = gatherParameters(parts, endpoint, message, {
    deadlineMs: served.deadlineMs,
    ended,
  });
  const { subject, values: given } = parameters;
  const publishAcceptance = (): void => rpc.publish(reply, END, acceptance(parameters, message));
  // Most parameters are here with the first message: then the caller has nothing to send and waits for results alone.
  const later = given instanceof Promise || anyDefers(endpoint.params);
  const accept = later
    ? once(publishAcceptance)
    : acceptances.hold(() => attempt(parts, reply, publishAcceptance));
  /** The results themselves are sent: only what is deferred in them can still fail. */
  let rooted = false;
  const session = sessionOf(message);
  const answered: Callee = {
    async invoke(call) {
      if (later) accept();
      const args = given instanceof Promise ? await given : given;
      const values = await served.callee.invoke({ ...call, args });
      const { streams } = parameters;
      if (streams === undefined) {
        const bytes = timed(call.probe, "encode", () =>
          encodeTuple(endpoint.results, values, "results"),
        );
        accept();
        publishResults(rpc, results, bytes);
        return values;
      }
      const { bytes, parts: deferred } = timed(call.probe, "encode", () =>
        encodeParts(endpoint.results, values, "results"),
      );
      accept();
      if (!parameters.signal.aborted) {
        publishResults(rpc, results, bytes);
        rooted = true;
      }
      // The call runs until all of it has ended; what it gives is on its way meanwhile.
      await streams.send(deferred);
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
      ...(session !== undefined && { session }),
      ...(endpoint.at !== undefined && { place: endpoint.at }),
      trace: traceOf(message),
      signal: parameters.signal,
      ...(arrivedMs !== undefined && { arrivedMs }),
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
    if (rooted) return;
    attempt(parts, reply, () => {
      accept();
      rpc.publish(results, END, failureOptions(code));
    });
  } finally {
    parameters.close();
  }
}

/** Names the server's inbox; to a caller that gives credit for streams, how much of it this end gives. */
function acceptance({ subject, streams }: Gathering, { headers }: BusMessage): PublishOptions {
  if (streams === undefined || readWindow(headers) === undefined) return { reply: subject };
  return { reply: subject, headers: new Map([[FLOW_HEADER, String(WINDOW_BYTES)]]) };
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
