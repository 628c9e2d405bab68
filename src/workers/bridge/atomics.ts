/**
 * Waiting by `Atomics.wait`: the whole worker blocks, so it has one instance. For browsers without JSPI, on pages that
 * are cross-origin isolated.
 */
import type { ComponentHostMethods, GuestNews } from "../../channels/component.ts";
import type { SharedAnswer } from "../../channels/shared-answer.ts";
import type { WitValue } from "../../core/wit.ts";
import type { Bridge } from "./bridge.ts";

import { awaitAnswer, sleep } from "../../channels/shared-answer.ts";
import { LatticeError } from "../../core/error.ts";
import { tell, unpack } from "./bridge.ts";

/** `host` must post at once: a message that waits for the end of the turn would not leave before its answer is there. */
export function createAtomicsBridge(host: ComponentHostMethods, answers: SharedAnswer): Bridge {
  const quietly = (sent: Promise<void>): void => {
    // The answer comes through the shared buffer; a host that is gone ends this worker.
    sent.catch(() => undefined);
  };
  /** Blocks until the host has answered what `post` asks. */
  const answerTo = (post: () => Promise<void>): unknown => {
    const outcome = awaitAnswer(
      answers,
      () => quietly(post()),
      () => quietly(host.nextPart()),
    );
    if (outcome.tag === "failed") throw new LatticeError(outcome.code, outcome.message);
    return outcome.value;
  };
  return {
    importFunction: (life, imported) => {
      const { instance, func, gives } = imported;
      return (...args) => {
        const request = { callId: life.callId, instance, func, args: imported.out(args) };
        const results = life.paused(() => answerTo(() => host.importedShared(request)));
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the host writes results of Importee.invoke
        return unpack(imported.in(results as readonly WitValue[]), gives);
      };
    },
    say: (life, said) => tell(host, life, said),
    respond: (life, results) => tell(host, life, { tag: "respond", results }),
    ask: (life, wait) => {
      life.touched = true;
      const news = life.paused(() =>
        answerTo(() => host.awaitedShared({ callId: life.callId, ...wait })),
      );
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the host writes for a wait
      return news as GuestNews;
    },
    sleep(life, untilMs) {
      life.touched = true;
      life.paused(() => sleep(answers, untilMs));
    },
  };
}
