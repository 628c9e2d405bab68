/**
 * The parameters of one wRPC call, as they come: with the invocation, and after the acceptance on `….params`, in
 * pieces that know nothing of the values' bounds.
 */
import type { BusMessage } from "../../core/bus.ts";
import type { DialectParts } from "../../core/dialect.ts";
import type { WitType, WitValue } from "../../core/wit.ts";
import type { Acceptances } from "./acceptances.ts";
import type { Inboxes } from "./inboxes.ts";

import { LatticeError } from "../../core/error.ts";
import { createTupleDecoder } from "../../wire/value.ts";

export interface RpcParts extends DialectParts {
  readonly inboxes: Inboxes;
  readonly acceptances: Acceptances;
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
  /** At once, if the first message held them all. */
  readonly values: readonly WitValue[] | Promise<readonly WitValue[]>;
  close(): void;
}

/** Reads parameters from the first message and, where that is not all, from `….params`, within the deadline. */
export function gatherParameters(
  parts: RpcParts,
  endpoint: Parameterized,
  first: BusMessage,
  limits: Limits,
): Gathering {
  const { inboxes } = parts;
  const reader = readerOf(parts.log, endpoint);
  try {
    const values = reader.take(first.data);
    if (values === undefined) return gatherRest(parts, reader, limits);
    return { subject: inboxes.unheard(), values, close: () => undefined };
  } catch (cause) {
    const values = Promise.reject<readonly WitValue[]>(cause);
    values.catch(() => undefined); // nobody awaits it if the call cannot even be accepted
    return { subject: inboxes.unheard(), values, close: () => undefined };
  }
}

interface Limits {
  readonly deadlineMs: number;
  readonly ended: AbortSignal;
}

interface Reader {
  /** The values, once they are complete. */
  take(data: Uint8Array): readonly WitValue[] | undefined;
  readonly bytes: number;
}

function readerOf(log: DialectParts["log"], { instance, func, params }: Parameterized): Reader {
  const decoder = createTupleDecoder(params);
  let bytes = 0;
  return {
    take(data) {
      bytes += data.length;
      if (bytes > MOST_PARAMETER_BYTES) {
        throw new LatticeError("too-large", `parameters run past ${MOST_PARAMETER_BYTES} bytes`);
      }
      const values = decoder.push(data);
      if (decoder.surplus > 0) log.info("call.surplus", { instance, func, bytes: decoder.surplus });
      return values;
    },
    get bytes() {
      return bytes;
    },
  };
}

function gatherRest(
  { inboxes, clock }: RpcParts,
  reader: Reader,
  { deadlineMs, ended }: Limits,
): Gathering {
  let resolve: (values: readonly WitValue[]) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const values = new Promise<readonly WitValue[]>((...settle) => ([resolve, reject] = settle));
  values.catch(() => undefined); // as above
  let done = false;
  const settle = (finish: () => void): void => {
    done = true;
    finish();
  };
  const inbox = inboxes.open((path, { data }) => {
    if (path !== "params" || done) return;
    try {
      if (data.length === 0) {
        throw new LatticeError(
          "incomplete",
          `parameters ended after ${reader.bytes} bytes, before they were complete`,
        );
      }
      const complete = reader.take(data);
      if (complete !== undefined) settle(() => resolve(complete));
    } catch (cause) {
      settle(() => reject(cause));
    }
  });
  const closed = new AbortController();
  const cancel = clock.after(deadlineMs, () =>
    reject(new LatticeError("deadline", `parameters did not arrive within ${deadlineMs} ms`)),
  );
  ended.addEventListener("abort", () => reject(ended.reason), {
    once: true,
    signal: closed.signal,
  });
  return {
    subject: inbox.subject,
    values,
    close() {
      done = true;
      cancel();
      closed.abort();
      inbox.close();
    },
  };
}
