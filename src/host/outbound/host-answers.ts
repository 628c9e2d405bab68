/** What a guest imports and the host itself answers: logging, configuration, the choice of link names. */
import type { ImportCall } from "../../core/call.ts";
import type { EntityId } from "../../core/ids.ts";
import type { LinkTable } from "../../core/link.ts";
import type { Log, LogLevel } from "../../core/log.ts";
import type { View } from "../../core/view.ts";
import type { WitValue } from "../../core/wit.ts";

import { withoutVersion } from "../../core/wit.ts";
import { latticeAnswers } from "./link-names.ts";

export interface HostAnswersParts {
  readonly id: EntityId;
  readonly config: View<ReadonlyMap<string, string>>;
  readonly links: () => LinkTable;
  /** What the component imports and links can answer, as links name it. */
  readonly linkable: ReadonlySet<string>;
  readonly log: Log;
}

export type Answer = (args: readonly WitValue[], call: ImportCall) => readonly WitValue[];
export type Answers = Readonly<Record<string, Answer>>;

/** Finds the answer to a call of `func` of `instance`; `undefined` if the host itself has none. */
export type HostAnswers = (instance: string, func: string) => Answer | undefined;

/** Longest guest message that is kept, in UTF-16 units. */
const MOST_LOGGED = 4096;

export function createHostAnswers(parts: HostAnswersParts): HostAnswers {
  const config: Answers = {
    get: ([key]) => [{ tag: "ok", val: parts.config.peek().get(String(key)) }],
    "get-all": () => [{ tag: "ok", val: [...parts.config.peek()] }],
  };
  const answers: Readonly<Record<string, Answers>> = {
    "wasi:logging/logging": { log: writeGuestLog(parts) },
    "wasi:config/store": config,
    "wasi:config/runtime": config,
  };
  const versioned = latticeAnswers(parts);
  return (instance, func) =>
    own(own(answers, withoutVersion(instance)) ?? versioned(instance), func);
}

/** Names come from components: those of every object are not meant. */
function own<T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
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

function writeGuestLog({ id, log }: HostAnswersParts): Answer {
  return ([level, context, message]) => {
    log[levels.get(String(level)) ?? "info"]("guest.log", {
      workload: id,
      context: String(context).slice(0, MOST_LOGGED),
      message: String(message).slice(0, MOST_LOGGED),
    });
    return [];
  };
}
