/**
 * Waiting by JavaScript Promise Integration: the guest's stack is suspended, the worker goes on with others. What a
 * companion answers makes nobody wait.
 */
import type { ComponentHostMethods } from "../../channels/component.ts";
import type { WitValue } from "../../core/wit.ts";
import type { Life } from "../life.ts";
import type { Answering, Bridge, GuestImportFunction, ImportedFunction, Nearby } from "./bridge.ts";

import { withoutVersion } from "../../core/wit.ts";
import { MAX_DELAY_MS } from "../remote-streams.ts";
import { tell, unpack } from "./bridge.ts";

/** Through it a guest chooses other links than those by which companions are found. */
const LATTICE = "wasmcloud:bus/lattice";

export function createJspiBridge(host: ComponentHostMethods, nearby?: Nearby): Bridge {
  const farFunction = (life: Life, imported: ImportedFunction): GuestImportFunction => {
    const { instance, func, gives } = imported;
    const ask = async (args: readonly WitValue[]): Promise<readonly WitValue[]> => {
      const request = { callId: life.callId, instance, func, args: imported.out(args) };
      return imported.in(await host.imported(request));
    };
    return async (...args) => unpack(await life.guard(ask(args)), gives);
  };
  return {
    importFunction(life, imported) {
      const { instance, func, gives } = imported;
      const far = farFunction(life, imported);
      if (nearby === undefined) return far;
      if (withoutVersion(instance) === LATTICE) {
        return (...args) => {
          life.choosesLinks = true;
          return far(...args);
        };
      }
      const find = (): Answering | undefined =>
        life.choosesLinks ? undefined : nearby.find(instance, func);
      const answer = (near: Answering, args: readonly WitValue[], nowMs: number): unknown => {
        const results = life.paused(() => near(life.callId, args, nowMs));
        if (!(results instanceof Promise)) return unpack(results, gives);
        return life.guard(results).then((later) => unpack(later, gives));
      };
      const answerLater = async (
        turn: Promise<void>,
        args: readonly WitValue[],
      ): Promise<unknown> => {
        await life.guard(turn);
        const near = find(); // the host may have taken it back meanwhile
        return near === undefined ? far(...args) : answer(near, args, performance.now());
      };
      return (...args) => {
        const near = find();
        if (near === undefined) return far(...args);
        const nowMs = performance.now();
        const turn = nearby.turn(nowMs);
        return turn === undefined ? answer(near, args, nowMs) : answerLater(turn, args);
      };
    },
    say: (life, said) => tell(host, life, said),
    respond: (life, results) => tell(host, life, { tag: "respond", results }),
    ask: (life, wait) => {
      life.touched = true;
      return life.guard(host.awaited({ callId: life.callId, ...wait }));
    },
    sleep(life, untilMs) {
      life.touched = true;
      return life.guard(sleep(untilMs));
    },
  };
}

async function sleep(untilMs: number): Promise<void> {
  for (let left = untilMs - performance.now(); left > 0; left = untilMs - performance.now()) {
    // Timers have whole milliseconds; rounding down would wake too early, again and again.
    const ms = Math.min(Math.ceil(left), MAX_DELAY_MS);
    await new Promise<void>((resolve) => setTimeout(resolve, ms));
  }
}
