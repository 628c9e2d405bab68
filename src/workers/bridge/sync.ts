/** No waiting at all: for components whose imports never make them wait, which the runtime checks beforehand. */
import type { Bridge } from "./bridge.ts";

import { LatticeError } from "../../core/error.ts";

export function createSyncBridge(): Bridge {
  const refuse = (what: string) => (): never => {
    throw new LatticeError(
      "unsupported",
      `the component waits for ${what}, which it was not prepared for`,
    );
  };
  return {
    importFunction: (_, { instance, func }) => refuse(`${instance}.${func}`),
    say: refuse("a stream"),
    respond: refuse("a stream"),
    ask: refuse("a stream"),
    sleep: refuse("a pollable"),
  };
}
