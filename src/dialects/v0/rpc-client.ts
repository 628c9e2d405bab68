/**
 * Calls of 0.82, the calling end: each is signed by the cluster, and its answer is held to its id and its length
 * (wasmCloud v0.82.0 `crates/host/src/wasmbus/mod.rs`, `Handler::call_operation`).
 */
import type { Bus, BusMessage } from "../../core/bus.ts";
import type { Call, Callee } from "../../core/call.ts";
import type { Clock } from "../../core/clock.ts";
import type { EntityId, HostId, LatticeId } from "../../core/ids.ts";
import type { FuncType, WitValue, World } from "../../core/wit.ts";
import type { Signer } from "../../wire/ed25519.ts";
import type { Chunks } from "./chunks.ts";
import type { Contracts } from "./contracts/contracts.ts";
import type { Entity } from "./entity.ts";
import type { InvocationResponse } from "./invocation.ts";

import { asLatticeError, LatticeError } from "../../core/error.ts";
import { ACTOR_GUEST } from "../../interfaces/actor.ts";
import { copyParams, copyResults } from "../../interfaces/copies.ts";
import { resultName } from "./chunks.ts";
import { withoutMark } from "./contracts/contract.ts";
import { signInvocation } from "./claims.ts";
import { isActor } from "./entity.ts";
import { invocationId, tokenId } from "./ids.ts";
import { readResponse, writeInvocation } from "./invocation.ts";
import { rpcSubject } from "./subjects.ts";

export interface RpcClientParts {
  readonly rpc: Bus;
  readonly lattice: LatticeId;
  readonly host: HostId;
  readonly clock: Clock;
  readonly signer: Signer;
  readonly chunks: Chunks;
  readonly contracts: Contracts;
  /** Who calls, by its id. */
  readonly origin: (source: EntityId) => Entity;
  /** Who is called under a link name; `contract` as far as the function tells. */
  readonly target: (call: Call, contract: string | undefined) => Entity;
}

/** Calls `target` by the function types of `world`'s exports. */
export function reach(parts: RpcClientParts, target: EntityId, world: World): Callee {
  return {
    async invoke(call) {
      const { instance, func } = call;
      if (instance === ACTOR_GUEST) return callActor(parts, call);
      const found = parts.contracts.called(instance, func);
      const type = world.exports.get(instance)?.get(func);
      if (found === undefined || type === undefined) {
        throw new LatticeError(
          "unsupported",
          `${target} cannot be called by 0.82: no contract has ${instance}#${func}`,
        );
      }
      const entity = parts.target(call, found.contract);
      return copied(type, call.args, (args) =>
        found.call(args, async (operation, argument) => {
          const outcome = await send(parts, call, entity, operation, argument);
          if ("result" in outcome) return withoutMark(outcome.result);
          throw new LatticeError("incomplete", `${operation} failed: ${outcome.error}`);
        }),
      );
    },
  };
}

/** Any operation, as bytes: an error of the target is the actor's to handle. */
async function callActor(parts: RpcClientParts, call: Call): Promise<readonly WitValue[]> {
  const [operation, argument] = call.args;
  if (typeof operation !== "string" || !(argument instanceof Uint8Array)) {
    throw new LatticeError("bad-input", "an actor calls with an operation and bytes");
  }
  const outcome = await send(parts, call, parts.target(call, undefined), operation, argument);
  return "result" in outcome
    ? [{ tag: "ok", val: outcome.result }]
    : [{ tag: "err", val: outcome.error }];
}

/** Runs `run` with values that are of the function's types, and gives only such. */
async function copied(
  type: FuncType,
  args: readonly WitValue[],
  run: (args: readonly WitValue[]) => Promise<readonly WitValue[]>,
): Promise<readonly WitValue[]> {
  return copyResults(type, await run(copyParams(type, args)));
}

type Outcome = { readonly result: Uint8Array } | { readonly error: string };

async function send(
  parts: RpcClientParts,
  call: Call,
  target: Entity,
  operation: string,
  argument: Uint8Array,
): Promise<Outcome> {
  const { rpc, lattice, host, clock, signer, chunks } = parts;
  const { signal, source } = call;
  if (source === undefined && !isActor(target)) {
    throw new LatticeError(
      "denied",
      "providers of 0.82 answer those that are linked: say who calls",
    );
  }
  const now = clock.now();
  const id = invocationId(now);
  const unsigned = {
    // Hosts look for the claims of whoever calls: `wash call` says that it is the actor itself.
    origin: source === undefined ? target : parts.origin(source),
    target,
    operation,
    msg: argument,
    id,
    host_id: host,
    content_length: argument.length,
    traceContext: call.trace,
  };
  const signing = { signer, iat: Math.floor(now / 1000), jti: tokenId() };
  const signed = await signInvocation(unsigned, argument, signing);
  const msg = await chunks.leave(id, argument, signal);
  const subject = rpcSubject(lattice, target);
  const reply = await request(rpc, subject, writeInvocation({ ...signed, msg }), call);
  const response = readResponse(reply.data);
  return outcomeOf(parts, response, id, signal);
}

async function request(
  rpc: Bus,
  subject: string,
  data: Uint8Array,
  { signal, trace }: Call,
): Promise<BusMessage> {
  try {
    return await rpc.request(subject, data, { signal, headers: trace });
  } catch (cause) {
    const { code } = asLatticeError(cause);
    if (code !== "not-served") throw cause;
    throw new LatticeError(code, "failed to publish on NATS topic", { cause });
  }
}

/** In upstream's order: the id, the result's length, then the error. */
async function outcomeOf(
  { chunks }: RpcClientParts,
  { invocation_id, msg, content_length, error }: InvocationResponse,
  id: string,
  signal: AbortSignal,
): Promise<Outcome> {
  if (invocation_id !== id) {
    // Who cannot read a request cannot name it either.
    if (error !== undefined) return { error };
    throw new LatticeError("bad-message", "invocation ID mismatch");
  }
  if (error !== undefined) return { error };
  const name = resultName(id);
  const result = await chunks.take(name, msg, content_length, signal);
  void chunks.forget(name, content_length, signal);
  return { result };
}
