/**
 * Waiting by `Atomics.wait`: the whole worker blocks, so it has one instance. For browsers without JSPI, on pages that
 * are cross-origin isolated.
 */
import type { ComponentHostMethods } from "../../channels/component.ts";
import type { SharedAnswer } from "../../channels/shared-answer.ts";
import type { WitValue } from "../../core/wit.ts";
import type { Bridge } from "./bridge.ts";

import { awaitAnswer, sleep } from "../../channels/shared-answer.ts";
import { LatticeError } from "../../core/error.ts";
import { earliest, readyOnes } from "../pollable.ts";
import { unpack } from "./bridge.ts";

/** `host` must post at once: a message that waits for the end of the turn would never leave. */
export function createAtomicsBridge(host: ComponentHostMethods, answers: SharedAnswer): Bridge {
  const quietly = (sent: Promise<void>): void => {
    // The answer comes through the shared buffer; a host that is gone ends this worker.
    sent.catch(() => undefined);
  };
  return {
    importFunction: (life, instance, func, gives) => {
      return (...args) => {
        const request = { callId: life.callId, instance, func, args };
        const outcome = awaitAnswer(
          answers,
          () => quietly(host.importedShared(request)),
          () => quietly(host.nextPart()),
        );
        if (outcome.tag === "failed") throw new LatticeError(outcome.code, outcome.message);
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the host writes results of Importee.invoke
        return unpack(outcome.value as readonly WitValue[], gives);
      };
    },
    block: (_, pollable) => {
      while (!pollable.ready()) sleep(answers, earliest([pollable]));
    },
    poll: (_, pollables) => {
      let ready = readyOnes(pollables);
      for (; ready.length === 0; ready = readyOnes(pollables)) sleep(answers, earliest(pollables));
      return new Uint32Array(ready);
    },
  };
}
