/**
 * Companions: other components in this worker, which answer what its guests import. Such a call crosses to no other
 * realm. The host says which calls they answer, and hears of all of them, some at a time.
 *
 * Only components whose guests never wait: each of their calls is over when the function returns.
 */
import type {
  CompanionReport,
  ComponentAnswers,
  ComponentHostMethods,
  ComponentSetup,
  Entrusted,
  GuestLine,
} from "../channels/component.ts";
import type { WitValue } from "../core/wit.ts";
import type { Answering, Nearby } from "./bridge/bridge.ts";
import type { Guest } from "./guest.ts";
import type { Turns } from "./turns.ts";

import { REPORT_ROW } from "../channels/component.ts";
import { asLatticeError, LatticeError } from "../core/error.ts";
import { SLOW_MS } from "../core/runtime.ts";

export interface CompanionsParts {
  readonly host: ComponentHostMethods;
  readonly turns: Turns;
  /** Makes a guest of its own, which prints through `print`. */
  readonly open: (setup: ComponentSetup, print: (line: GuestLine) => void) => Guest;
}

export interface Companions
  extends Nearby, Pick<ComponentAnswers, "accompany" | "entrust" | "dismiss"> {
  /** What the host has not heard of, for whoever passes it on. */
  report(): CompanionReport | undefined;
  /** Posts that. */
  tell(): void;
  guests(): readonly Guest[];
}

interface Companion {
  readonly guest: Guest;
  readonly setup: ComponentSetup;
  readonly deadlineMs: number;
}

/** Told at the latest then, also within a turn. */
const MOST_UNTOLD = 1_000;

export function createCompanions({ host, turns, open }: CompanionsParts): Companions {
  const companions = new Map<number, Companion>();
  const entrusted = new Map<string, Entrusted & { readonly answering: Answering }>();
  let untold: number[] = [];
  let calls = 0;

  const report = (): CompanionReport | undefined => {
    if (untold.length === 0) return undefined;
    const told = Float64Array.from(untold);
    untold = [];
    return told;
  };
  const tell = (): void => {
    const untoldNow = report();
    // A host that cannot hear of it has ended this worker.
    if (untoldNow !== undefined) host.accompanied(untoldNow).catch(() => undefined);
  };
  const answering = ({ guest, setup, deadlineMs }: Companion, own: Entrusted): Answering => {
    const { entry, instance, func } = own;
    const name = nameOf(instance, func);
    return (callId, args, beganMs) => {
      let results: Promise<readonly WitValue[]> | readonly WitValue[] | undefined;
      let failure: LatticeError | undefined;
      try {
        results = guest.call({ id: ++calls, instance, func, args });
      } catch (thrown) {
        failure = asLatticeError(thrown);
      }
      const tookMs = performance.now() - beganMs;
      const at = performance.timeOrigin + beganMs;
      if (results instanceof Promise) failure = new LatticeError("internal", `${name} waits`);
      if (tookMs > deadlineMs) {
        const late = `${instance}.${func} of ${setup.name} did not end within ${deadlineMs} ms`;
        failure = new LatticeError("deadline", late);
      }
      const slow = tookMs > SLOW_MS;
      if (slow && entrusted.get(name)?.entry === entry) entrusted.delete(name);
      if (failure !== undefined || results === undefined || results instanceof Promise) {
        tell(); // first, so that the host hears of all in their order
        const { code, message } = failure ?? new LatticeError("internal", `${name} gave nothing`);
        return host.forsaken({ entry, callId, at, tookMs, code, message });
      }
      untold.push(entry, callId, at, tookMs);
      if (slow || untold.length >= MOST_UNTOLD * REPORT_ROW) tell();
      return results;
    };
  };
  return {
    guests: () => [...companions.values()].map(({ guest }) => guest),
    report,
    tell,
    find: (instance, func) => entrusted.get(nameOf(instance, func))?.answering,
    turn: (nowMs) => turns.next(nowMs),
    async accompany(id, setup, deadlineMs) {
      const guest = open(setup, (line) => {
        host.printed({ ...line, companion: id }).catch(() => undefined); // as above
      });
      await guest.ready;
      companions.set(id, { guest, setup, deadlineMs });
    },
    async entrust(own) {
      const companion = companions.get(own.companion);
      if (companion === undefined) {
        throw new LatticeError("internal", `this worker has no companion ${own.companion}`);
      }
      const name = nameOf(own.instance, own.func);
      entrusted.set(name, { ...own, answering: answering(companion, own) });
    },
    async dismiss(id) {
      companions.delete(id);
      for (const [name, { companion }] of entrusted) if (companion === id) entrusted.delete(name);
      return report();
    },
  };
}

const nameOf = (instance: string, func: string): string => `${instance}#${func}`;
