/**
 * What each host of 0.82 does for its actors itself, without a link and without a capability
 * (wasmCloud v0.82.0 `crates/runtime/src/actor/module/wasmbus.rs`, `crates/compat/src/{logging,numbergen}.rs`).
 */
import type { EntityId } from "../../core/ids.ts";
import type { Log, LogLevel } from "../../core/log.ts";

import { LatticeError } from "../../core/error.ts";
import { readMsgpack, struct, writeMsgpack } from "../../wire/msgpack.ts";
import { natural, text } from "../../wire/shape.ts";

export interface BuiltinContext {
  /** Who asks. */
  readonly id: EntityId;
  readonly log: Log;
}

/** Gives the bytes of the result. Throws a text for the actor. */
export type Builtin = (
  operation: string,
  argument: Uint8Array,
  context: BuiltinContext,
) => Uint8Array;

const NOTHING = new Uint8Array(0);
/** Longest message of an actor that is kept, in UTF-16 units. */
const MOST_LOGGED = 4096;

const LEVELS: ReadonlyMap<string, LogLevel> = new Map([
  ["trace", "debug"],
  ["debug", "debug"],
  ["info", "info"],
  ["warn", "warn"],
  ["error", "error"],
  ["critical", "error"],
]);

const logEntry = struct<{ level: string; text: string }>({ level: text, text });
const u32 = natural(0xffff_ffff);
const rangeLimit = struct<{ min: number; max: number }>({ min: u32, max: u32 });

const logging: Builtin = (operation, argument, { id, log }) => {
  if (operation !== "Logging.WriteLog") throw unknown("wasmcloud:builtin:logging", operation);
  const { level, text: message } = readMsgpack(argument, logEntry);
  const known = LEVELS.get(level);
  if (known === undefined) {
    throw new LatticeError("bad-input", `unsupported log level \`${level.slice(0, 40)}\``);
  }
  log[known]("guest.log", { workload: id, context: "", message: message.slice(0, MOST_LOGGED) });
  return NOTHING;
};

const numbergen: Builtin = (operation, argument) => {
  if (operation === "NumberGen.GenerateGuid") return writeMsgpack(crypto.randomUUID());
  if (operation === "NumberGen.Random32") return writeMsgpack(random32());
  if (operation !== "NumberGen.RandomInRange") {
    throw unknown("wasmcloud:builtin:numbergen", operation);
  }
  const { min, max } = readMsgpack(argument, rangeLimit);
  if (min > max) throw new LatticeError("bad-input", `there is no number from ${min} to ${max}`);
  return writeMsgpack(min + below(max - min + 1));
};

const BUILTINS: ReadonlyMap<string, Builtin> = new Map([
  ["wasmcloud:builtin:logging", logging],
  ["wasmcloud:builtin:numbergen", numbergen],
]);

export function builtinOf(namespace: string): Builtin | undefined {
  return BUILTINS.get(namespace);
}

function random32(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}

/** A number from 0 to `count` - 1, each as likely as any other. */
function below(count: number): number {
  const fair = 2 ** 32 - (2 ** 32 % count);
  for (;;) {
    const drawn = random32();
    if (drawn < fair) return drawn % count;
  }
}

function unknown(contract: string, operation: string): LatticeError {
  return new LatticeError("not-found", `${contract} has no operation ${operation.slice(0, 80)}`);
}
