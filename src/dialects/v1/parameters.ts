/**
 * The parameters of one wRPC call, as they come: with the invocation, and after the acceptance on `….params`, in
 * pieces that know nothing of the values' bounds.
 */
import type { BusMessage } from "../../core/bus.ts";
import type { DialectParts } from "../../core/dialect.ts";
import type { WitType, WitValue } from "../../core/wit.ts";
import type { Inboxes } from "./inboxes.ts";

import { LatticeError } from "../../core/error.ts";
import { createTupleDecoder } from "../../wire/value.ts";

export interface RpcParts extends DialectParts {
  readonly inboxes: Inboxes;
}

/** Parameters of one call, in bytes: what a peer may make this host keep. */
const MOST_PARAMETER_BYTES = 64 * 1024 * 1024;

interface Parameterized {
  readonly instance: string;
  readonly func: string;
  readonly params: readonly WitType[];
}

export interface Gathering {
  /** The server's own inbox for this call. */
  readonly subject: string;
  /** The parameters, if the first message held them all. */
  readonly complete: readonly WitValue[] | undefined;
  readonly later: Promise<readonly WitValue[]>;
  close(): void;
}

/** Reads parameters from the first message and, where that is not all, from `….params`, within the deadline. */
export function gatherParameters(
  { inboxes, clock, log }: RpcParts,
  { instance, func, params }: Parameterized,
  first: BusMessage,
  { deadlineMs, ended }: { readonly deadlineMs: number; readonly ended: AbortSignal },
): Gathering {
  const decoder = createTupleDecoder(params);
  let resolve: (values: readonly WitValue[]) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const later = new Promise<readonly WitValue[]>((...settle) => ([resolve, reject] = settle));
  later.catch(() => undefined); // heard by the one who awaits it; nobody does if parameters were complete

  let bytes = 0;
  let done = false;
  const take = (data: Uint8Array): readonly WitValue[] | undefined => {
    bytes += data.length;
    if (bytes > MOST_PARAMETER_BYTES) {
      throw new LatticeError("too-large", `parameters run past ${MOST_PARAMETER_BYTES} bytes`);
    }
    const values = decoder.push(data);
    if (values === undefined) return undefined;
    done = true;
    if (decoder.surplus > 0) log.info("call.surplus", { instance, func, bytes: decoder.surplus });
    return values;
  };
  const inbox = inboxes.open((path, { data }) => {
    if (path !== "params" || done) return;
    try {
      if (data.length === 0) {
        done = true;
        throw new LatticeError(
          "incomplete",
          `parameters ended after ${bytes} bytes, before they were complete`,
        );
      }
      const values = take(data);
      if (values !== undefined) resolve(values);
    } catch (cause) {
      done = true;
      reject(cause);
    }
  });

  const closed = new AbortController();
  let complete: readonly WitValue[] | undefined;
  let cancel = (): void => undefined;
  try {
    complete = take(first.data);
    if (complete === undefined) {
      const late = (): void =>
        reject(new LatticeError("deadline", `parameters did not arrive within ${deadlineMs} ms`));
      cancel = clock.after(deadlineMs, late);
      ended.addEventListener("abort", () => reject(ended.reason), {
        once: true,
        signal: closed.signal,
      });
    }
  } catch (cause) {
    done = true;
    reject(cause);
  }
  return {
    subject: inbox.subject,
    complete,
    later,
    close() {
      done = true;
      cancel();
      closed.abort();
      inbox.close();
    },
  };
}
