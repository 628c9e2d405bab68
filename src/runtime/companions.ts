/**
 * The companions in one worker, as the host's side sees them: components that answer calls of the worker's own guests in
 * it. What they have answered is told in reports, which name the call that each of theirs was part of.
 */
import type {
  CompanionFailure,
  CompanionReport,
  ComponentMethods,
  Entrusted,
} from "../channels/component.ts";
import type { Companion, CompanionCall, Witness } from "../core/runtime.ts";
import type { WitValue } from "../core/wit.ts";
import type { GuestRun } from "./guest-run.ts";
import type { PortableComponent } from "./portable.ts";

import { REPORT_ROW } from "../channels/component.ts";
import { asLatticeError, LatticeError } from "../core/error.ts";

export interface CompanionsParts {
  /** Of the component whose worker it is. */
  readonly name: string;
  readonly worker: Pick<ComponentMethods, "accompany" | "entrust" | "dismiss">;
  /** The call of this number; `undefined` when it has ended. */
  readonly runOf: (callId: number) => GuestRun | undefined;
  /** The end of the worker. */
  readonly dead: AbortSignal;
}

export interface Companions {
  accompany(portable: PortableComponent, witness: Witness): Companion;
  /** Throws `denied` for what no worker of ours reports. */
  hear(report: CompanionReport): void;
  /** What the guest gets. */
  fail(failure: CompanionFailure): Promise<readonly WitValue[]>;
  nameOf(companion: number): string | undefined;
}

/** A function that was entrusted, for as long as reports may name it. */
interface Entry extends Entrusted {
  readonly witness: Witness;
}

/** Calls that one report may hold: more than a worker answers before it gives others a turn. */
const MOST_REPORTED = 65_536;

export function createCompanions({ name, worker, runOf, dead }: CompanionsParts): Companions {
  const entries = new Map<number, Entry>();
  const names = new Map<number, string>();
  let lastCompanion = 0;
  let lastEntry = 0;

  const unknown = (): LatticeError =>
    new LatticeError("denied", `${name} tells of a companion that it does not have`);
  const hear: Companions["hear"] = (report) => {
    const rows = report instanceof Float64Array ? report.length / REPORT_ROW : Number.NaN;
    if (!Number.isInteger(rows) || rows > MOST_REPORTED) throw unknown();
    for (let at = 0; at < report.length; at += REPORT_ROW) {
      const [entry = 0, callId = 0, began = 0, tookMs = 0] = report.subarray(at, at + REPORT_ROW);
      const known = entries.get(entry);
      if (known === undefined) throw unknown();
      const call = runOf(callId)?.accompanied(known, began, tookMs);
      // Without its call nobody knows who wanted it; calls end after they are told of.
      if (call !== undefined) known.witness.ended(call);
    }
  };
  return {
    hear,
    async fail({ entry, callId, at, tookMs, code, message }) {
      const known = entries.get(entry);
      const run = runOf(callId);
      if (known === undefined || run === undefined) throw unknown();
      const tell = (call: CompanionCall): readonly WitValue[] =>
        known.witness.failed(call, new LatticeError(code, message));
      return run.forsaken(known, at, tookMs, tell);
    },
    nameOf: (companion) => names.get(companion),
    accompany({ setup, deadlineMs }, witness) {
      const companion = ++lastCompanion;
      names.set(companion, setup.name);
      const lost = new AbortController();
      const own = new Map<string, Entrusted>();
      let dismissed: Promise<void> | undefined;
      const end = (): void => {
        names.delete(companion);
        for (const { entry } of own.values()) entries.delete(entry);
      };
      const lose = (reason: unknown): void => {
        if (dismissed === undefined) lost.abort(asLatticeError(reason));
        end();
      };
      const onDead = (): void => lose(dead.reason);
      const ready = worker.accompany(companion, setup, deadlineMs);
      ready.catch(lose);
      dead.addEventListener("abort", onDead, { once: true });
      const dismiss = async (): Promise<void> => {
        try {
          await ready;
          const report = await worker.dismiss(companion);
          if (report !== undefined) hear(report);
        } catch {
          // It never was ready, or the worker is gone: nothing is answered there in either case.
        } finally {
          dead.removeEventListener("abort", onDead);
          end();
        }
      };
      return {
        lost: lost.signal,
        entrust(instance, func) {
          const name = `${instance}#${func}`;
          const entrusted = own.get(name) ?? { companion, entry: ++lastEntry, instance, func };
          own.set(name, entrusted);
          entries.set(entrusted.entry, { ...entrusted, witness });
          ready
            .then(() => (dismissed === undefined ? worker.entrust(entrusted) : undefined))
            .catch(lose);
        },
        dismiss: () => (dismissed ??= dismiss()),
      };
    },
  };
}
