/** Waiting by JavaScript Promise Integration: the guest's stack is suspended, the worker goes on with others. */
import type { ComponentHostMethods } from "../../channels/component.ts";
import type { WitValue } from "../../core/wit.ts";
import type { Bridge } from "./bridge.ts";

import { polled, readyOnes } from "../pollable.ts";
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
    block: (life, pollable) => life.guard(polled([pollable])),
    poll: (life, pollables) =>
      life.guard(polled(pollables).then(() => new Uint32Array(readyOnes(pollables)))),
  };
}
