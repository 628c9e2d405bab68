/**
 * Calls of 0.82, the serving end: signed invocations come on a queue subscription, are checked, carried out, and
 * answered (wasmCloud v0.82.0 `crates/host/src/wasmbus/mod.rs`, `handle_rpc_message`).
 *
 * Whatever is wrong is told in the answer: 0.82 has no other way.
 */
import type { Bus, BusMessage } from "../../core/bus.ts";
import type { Callee } from "../../core/call.ts";
import type { Clock } from "../../core/clock.ts";
import type { Served, Serving } from "../../core/dialect.ts";
import type { EntityId, LatticeId } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import type { Chunks } from "./chunks.ts";
import type { Contracts } from "./contracts/contracts.ts";
import type { Entity } from "./entity.ts";
import type { Admission, Guard } from "./guard.ts";
import type { Invocation } from "./invocation.ts";

import { asLatticeError, LatticeError, messageOf } from "../../core/error.ts";
import { entityId } from "../../core/ids.ts";
import { createQueueGroups } from "../queue-groups.ts";
import { type CallLimit, createCallLimits } from "./call-limits.ts";
import { resultName } from "./chunks.ts";
import { failureText, planOf } from "./dispatch.ts";
import { writeResponse } from "./invocation.ts";
import {
  failedCall,
  missingArgument,
  otherTarget,
  refusedCall,
  unlinked,
  unreadableCall,
} from "./provider-words.ts";
import { rpcQueue, rpcSubject } from "./subjects.ts";

export interface RpcServerParts {
  readonly rpc: Bus;
  readonly lattice: LatticeId;
  readonly clock: Clock;
  readonly guard: Guard;
  readonly chunks: Chunks;
  readonly contracts: Contracts;
  /** Whether a link leads from `source` to the provider under this name. */
  readonly linked: (source: EntityId, provider: EntityId, link: string) => boolean;
  readonly log: Log;
}

/** What the answer of a host names when the request cannot be read. */
const UNKNOWN_ID = "UNKNOWN";
const EMPTY = new Uint8Array(0);

/** Serves `served` as `entity` in its queue group, as long as it accepts. */
export async function serve(
  parts: RpcServerParts,
  served: Served,
  entity: Entity,
  signal: AbortSignal,
): Promise<Serving> {
  const { rpc, lattice, clock, log } = parts;
  const subject = rpcSubject(lattice, entity);
  const limit = createCallLimits({ clock, deadlineMs: served.deadlineMs }, signal);
  const groups = createQueueGroups(
    {
      rpc,
      log,
      id: served.id,
      subjects: [
        {
          subject,
          queue: rpcQueue(lattice, entity),
          answer: (message) =>
            limited(limit(), (call) => answer(parts, served, subject, message, call)),
        },
      ],
      accepting: [served.accepting],
    },
    signal,
  );
  const refusal = await groups.join();
  if (refusal !== undefined) throw refusal;
  return { drain: () => groups.drain() };
}

async function limited(
  limit: CallLimit,
  run: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  try {
    await run(limit.signal);
  } finally {
    limit.close();
  }
}

async function answer(
  parts: RpcServerParts,
  served: Served,
  subject: string,
  message: BusMessage,
  signal: AbortSignal,
): Promise<void> {
  const { lattice, guard, log } = parts;
  const home = ({ target }: Invocation): string => rpcSubject(lattice, target);
  const admission = await guard.admit(message, home, signal);
  if (admission.tag === "refused") {
    log.warn("invocation.refused", { workload: served.id, subject, problem: admission.text });
    const { id, error } = refusalOf(served, admission);
    reply(parts, message, id, { error });
    return;
  }
  const { invocation, argument } = admission;
  const { id, operation } = invocation;
  try {
    const result = await carryOut(parts, served, invocation, argument, message, signal);
    const msg = await parts.chunks.leave(resultName(id), result, signal);
    reply(parts, message, id, { msg, length: result.length });
  } catch (cause) {
    const { code, message: problem } = asLatticeError(cause);
    log.warn("call.failed", { workload: served.id, func: operation, code, problem });
    const text = failureText(cause);
    reply(parts, message, id, { error: isProvider(served) ? failedCall(text) : text });
  }
}

const isProvider = ({ linkName }: Served): boolean => linkName !== undefined;

/** Hosts and providers differ in what they say. */
function refusalOf(
  served: Served,
  { invocation, fault, text }: Extract<Admission, { tag: "refused" }>,
): { readonly id: string; readonly error: string } {
  const provider = isProvider(served);
  if (invocation === undefined) {
    return provider ? { id: "", error: unreadableCall(text) } : { id: UNKNOWN_ID, error: text };
  }
  const { id } = invocation;
  if (!provider) return { id, error: text };
  const error =
    fault === undefined ? missingArgument(text) : refusedCall(fault, invocation, served.id);
  return { id, error };
}

function demandLink(
  { linked }: RpcServerParts,
  served: Served,
  { origin, target: { public_key, link_name } }: Invocation,
): void {
  if (!isProvider(served)) return;
  if (public_key !== served.id)
    throw new LatticeError("denied", otherTarget(public_key, served.id));
  const source = sourceOf(origin);
  if (source !== undefined && linked(source, served.id, link_name)) return;
  throw new LatticeError("denied", unlinked(origin));
}

async function carryOut(
  parts: RpcServerParts,
  served: Served,
  invocation: Invocation,
  argument: Uint8Array,
  message: BusMessage,
  signal: AbortSignal,
): Promise<Uint8Array> {
  demandLink(parts, served, invocation);
  const plan = planOf(invocation, served.world, parts.contracts);
  let outcome: Uint8Array = EMPTY;
  const carried: Callee = {
    async invoke(call) {
      outcome = await plan.run(argument, (instance, func, args) =>
        served.callee.invoke({ ...call, instance, func, args }),
      );
      return [];
    },
  };
  const { origin, target, id, operation } = invocation;
  await served.intercept(carried).invoke({
    id,
    source: sourceOf(origin),
    target: served.id,
    link: target.link_name === "" ? "default" : target.link_name,
    instance: plan.instance,
    func: plan.func === "call" ? operation : plan.func,
    args: [],
    trace: traceOf(invocation, message),
    signal,
  });
  return outcome;
}

/** Upstream takes the headers where the invocation says nothing. */
function traceOf({ traceContext }: Invocation, { headers }: BusMessage): Map<string, string> {
  const from = traceContext.size > 0 ? traceContext : (headers ?? traceContext);
  return new Map(
    ["traceparent", "tracestate"].flatMap((name) => {
      const value = from.get(name);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

function sourceOf({ public_key }: Entity): EntityId | undefined {
  try {
    return entityId(public_key);
  } catch {
    return undefined; // a name that nobody could be called by
  }
}

/** Where there is no connection to answer on, the caller sees its own deadline. */
function reply(
  { rpc, log }: RpcServerParts,
  message: BusMessage,
  id: string,
  outcome: { readonly error: string } | { readonly msg: Uint8Array; readonly length: number },
): void {
  const { reply: to, subject } = message;
  if (to === undefined) return;
  const failed = "error" in outcome;
  const response = writeResponse({
    msg: failed ? EMPTY : outcome.msg,
    invocation_id: id,
    error: failed ? outcome.error : undefined,
    content_length: failed ? 0 : outcome.length,
    traceContext: new Map(),
  });
  try {
    rpc.publish(to, response);
  } catch (cause) {
    log.warn("call.unanswered", { subject, problem: messageOf(cause) });
  }
}
