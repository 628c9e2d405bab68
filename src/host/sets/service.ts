/** The call that a service is: made again when it fails, with growing waits, until its restarts are used up. */
import type { Callee } from "../../core/call.ts";
import type { Clock } from "../../core/clock.ts";
import type { EntityId } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";

import { LONGEST_TIMER_MS } from "../../core/clock.ts";
import { asLatticeError, LatticeError } from "../../core/error.ts";
import { DEFAULT_LINK } from "../../core/link.ts";
import { EXITED_WELL } from "../../core/runtime.ts";
import { aborted } from "../changes.ts";

export interface ServiceParts {
  readonly id: EntityId;
  /** The full name of its `wasi:cli/run`. */
  readonly run: string;
  readonly callee: Callee;
  readonly maxRestarts: number;
  readonly clock: Clock;
  readonly log: Log;
}

export type ServiceEnd =
  | { readonly how: "well" }
  | { readonly how: "failed"; readonly reason: string }
  /** By the signal. */
  | { readonly how: "stopped" };

/** Before the first restart; each further wait is twice as long, up to {@link LONGEST_WAIT_MS}. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 60_000;

/** Resolves when the service has ended for good, or with `signal`. Does not throw. */
export async function runService(parts: ServiceParts, signal: AbortSignal): Promise<ServiceEnd> {
  const { id, maxRestarts, clock, log } = parts;
  let restarts = 0;
  for (let count = 1; ; count++) {
    const begun = clock.monotonic();
    const end = await callOnce(parts, count, signal);
    if (end === "well") return { how: "well" };
    if (signal.aborted) return { how: "stopped" };
    // The longest timer there is has run out: nothing is wrong with it. Other deadlines are those of what it called.
    if (end.code === "deadline" && clock.monotonic() - begun >= LONGEST_TIMER_MS / 2) continue;
    if (restarts >= maxRestarts) {
      const times = restarts === 1 ? "1 restart" : `${restarts} restarts`;
      return { how: "failed", reason: `service failed after ${times}: ${end.message}` };
    }
    const waitMs = Math.min(FIRST_WAIT_MS * 2 ** restarts, LONGEST_WAIT_MS);
    restarts++;
    log.warn("service.restarting", { workload: id, restarts, waitMs, problem: end.message });
    await pause(clock, waitMs, signal);
    if (signal.aborted) return { how: "stopped" };
  }
}

async function callOnce(
  { id, run, callee }: ServiceParts,
  count: number,
  signal: AbortSignal,
): Promise<"well" | LatticeError> {
  try {
    const [result] = await callee.invoke({
      id: `${id}#${count}`,
      source: undefined,
      target: id,
      link: DEFAULT_LINK,
      instance: run,
      func: "run",
      args: [],
      trace: new Map(),
      signal,
    });
    return isErr(result) ? new LatticeError("guest-trapped", "run gave an error") : "well";
  } catch (thrown) {
    const failure = asLatticeError(thrown);
    // Programs of some languages end so, whatever their `main` has come to.
    const exited = failure.code === "guest-trapped" && failure.message.endsWith(EXITED_WELL);
    return exited ? "well" : failure;
  }
}

function isErr(result: unknown): boolean {
  return typeof result === "object" && result !== null && "tag" in result && result.tag === "err";
}

async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const cancel = clock.after(ms, () => over.abort());
  await aborted(AbortSignal.any([signal, over.signal]));
  cancel();
}
