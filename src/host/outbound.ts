/** What guests import beyond WASI, answered by the host itself: logging and configuration. */
import type { ImportCall, Importee } from "../core/call.ts";
import type { Log, LogLevel } from "../core/log.ts";
import type { WitValue } from "../core/wit.ts";
import type { WorkloadSpec } from "../core/workload.ts";

import { LatticeError } from "../core/error.ts";
import { withoutVersion } from "../core/wit.ts";

/** Interfaces that a component may import here, without versions. */
export const PROVIDED_INTERFACES: readonly string[] = [
  "wasi:logging/logging",
  "wasi:config/store",
  "wasi:config/runtime",
];

/** Longest guest message that is kept, in UTF-16 units. */
const MOST_LOGGED = 4096;

type Answer = (args: readonly WitValue[]) => readonly WitValue[];

export function createOutbound(spec: WorkloadSpec, log: Log): Importee {
  const config: readonly [string, Answer][] = [
    ["get", ([key]) => [{ tag: "ok", val: spec.config.get(String(key)) }]],
    ["get-all", () => [{ tag: "ok", val: [...spec.config] }]],
  ];
  const answers = new Map<string, ReadonlyMap<string, Answer>>([
    ["wasi:logging/logging", new Map([["log", writeGuestLog(spec, log)]])],
    ["wasi:config/store", new Map(config)],
    ["wasi:config/runtime", new Map(config)],
  ]);
  return {
    invoke({ instance, func, args }: ImportCall) {
      const answer = answers.get(withoutVersion(instance))?.get(func);
      if (answer === undefined) {
        const error = new LatticeError(
          "import-unmet",
          `this host does not offer ${instance}#${func}`,
        );
        return Promise.reject(error);
      }
      return Promise.resolve(answer(args));
    },
  };
}

/** Levels of `wasi:logging/logging@0.1.0-draft`. */
const levels: ReadonlyMap<string, LogLevel> = new Map([
  ["trace", "debug"],
  ["debug", "debug"],
  ["info", "info"],
  ["warn", "warn"],
  ["error", "error"],
  ["critical", "error"],
]);

function writeGuestLog(spec: WorkloadSpec, log: Log): Answer {
  return ([level, context, message]) => {
    log[levels.get(String(level)) ?? "info"]("guest.log", {
      workload: spec.id,
      context: String(context).slice(0, MOST_LOGGED),
      message: String(message).slice(0, MOST_LOGGED),
    });
    return [];
  };
}
