/** Waiting by JavaScript Promise Integration: the guest's stack is suspended, the worker goes on with others. */
import type { ComponentHostMethods } from "../../channels/component.ts";
import type { Bridge } from "./bridge.ts";

import { polled, readyOnes } from "../pollable.ts";
import { unpack } from "./bridge.ts";

export function createJspiBridge(host: ComponentHostMethods): Bridge {
  return {
    importFunction: (life, instance, func, gives) => {
      return async (...args) => {
        const request = { callId: life.callId, instance, func, args };
        return unpack(await life.guard(host.imported(request)), gives);
      };
    },
    block: (life, pollable) => life.guard(polled([pollable])),
    poll: (life, pollables) =>
      life.guard(polled(pollables).then(() => new Uint32Array(readyOnes(pollables)))),
  };
}
