/** Waiting by JavaScript Promise Integration: the guest's stack is suspended, the worker goes on with others. */
import type { ComponentHostMethods } from "../../channels/component.ts";
import type { WitValue } from "../../core/wit.ts";
import type { Bridge } from "./bridge.ts";

import { MAX_DELAY_MS } from "../remote-streams.ts";
import { tell, unpack } from "./bridge.ts";

export function createJspiBridge(host: ComponentHostMethods): Bridge {
  return {
    importFunction: (life, imported) => {
      const { instance, func, gives } = imported;
      const ask = async (args: readonly WitValue[]): Promise<readonly WitValue[]> => {
        const request = { callId: life.callId, instance, func, args: imported.out(args) };
        return imported.in(await host.imported(request));
      };
      return async (...args) => unpack(await life.guard(ask(args)), gives);
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
