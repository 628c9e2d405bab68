/** How a guest waits for what the host does: the one thing that differs between JSPI and blocking. */
import type { ComponentHostMethods, Gives, GuestSaid } from "../../channels/component.ts";
import type { WitValue } from "../../core/wit.ts";
import type { Life } from "../life.ts";
import type { StreamBridge } from "../remote-streams.ts";

import { bigBuffers, transferring } from "../../channels/port.ts";
import { asLatticeError } from "../../core/error.ts";

export interface Bridge extends StreamBridge {
  /** A function that the host answers, as the glue wants it: value or promise, `err` thrown with a `payload`. */
  importFunction(life: Life, imported: ImportedFunction): GuestImportFunction;
  /** Gives the results of the call that `life` serves, while its guest goes on. */
  respond(life: Life, results: readonly WitValue[]): void;
}

/** What is answered in this worker instead of by the host. */
export interface Nearby {
  /** What answers this import at the moment, if not the host. */
  find(instance: string, func: string): Answering | undefined;
  /** Given, it is to be waited for before the next call is answered, so that the worker hears its messages. */
  turn(nowMs: number): Promise<void> | undefined;
}

/**
 * Answers an import during the call `callId`, from `beganMs` on (by `performance.now()`): with its results, or with a
 * promise of what the host makes of a failure.
 */
export type Answering = (
  callId: number,
  args: readonly WitValue[],
  beganMs: number,
) => readonly WitValue[] | Promise<readonly WitValue[]>;

export interface ImportedFunction {
  readonly instance: string;
  readonly func: string;
  readonly gives: Gives;
  /** Makes of arguments what crosses to the host. */
  out(args: readonly WitValue[]): readonly WitValue[];
  /** Makes of results what the glue takes. */
  in(results: readonly WitValue[]): readonly WitValue[];
}

export type GuestImportFunction = (...args: readonly WitValue[]) => unknown;

/** What the glue is to return for an import, or throws what it is to pass on as `err`. */
export function unpack(results: readonly WitValue[], gives: Gives): unknown {
  if (gives !== "result") return results[0];
  const [result] = results;
  if (typeof result !== "object" || result === null || !("tag" in result)) return result;
  const val: unknown = "val" in result ? result.val : undefined;
  if (result.tag === "ok") return val;
  throw Object.assign(new Error("the import gave an err"), { payload: val });
}

/** Posts `said`; a life whose host cannot take it fails. */
export function tell(host: ComponentHostMethods, life: Life, said: GuestSaid): void {
  life.touched = true;
  // Nobody else holds what is written or given.
  const buffers = said.tag === "bytes" || said.tag === "respond" ? bigBuffers(said) : [];
  host.said(life.callId, transferring(said, buffers)).catch((thrown: unknown) => {
    if (!life.ended) life.fail(asLatticeError(thrown));
  });
}
