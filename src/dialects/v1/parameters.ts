/**
 * The parameters of one wRPC call, as they come: with the invocation, and after the acceptance on `….params`, in
 * pieces that know nothing of the values' bounds.
 */
import type { BusMessage } from "../../core/bus.ts";
import type { DialectParts } from "../../core/dialect.ts";
import type { WitType, WitValue } from "../../core/wit.ts";
import type { Acceptances } from "./acceptances.ts";
import type { Gatherings, Share } from "./gathering.ts";
import type { Inboxes } from "./inboxes.ts";

import { LatticeError } from "../../core/error.ts";
import { createTupleDecoder } from "../../wire/value.ts";

export interface RpcParts extends DialectParts {
  readonly inboxes: Inboxes;
  readonly acceptances: Acceptances;
  readonly gatherings: Gatherings;
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
  /** Aborts with `deadline` or with the end of what is served; of a call that is complete, only with the latter. */
  readonly signal: AbortSignal;
  close(): void;
}

interface Limits {
  /** From the acceptance to the end of the call. */
  readonly deadlineMs: number;
  readonly ended: AbortSignal;
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
  const whole = (values: Gathering["values"]): Gathering => ({
    subject: inboxes.unheard(),
    values,
    signal: limits.ended,
    close: () => undefined,
  });
  try {
    const values = reader.take(first.data);
    if (values !== undefined) return whole(values);
    const share = parts.gatherings.enter();
    share.add(first.data.length);
    return gatherRest(parts, reader, share, limits);
  } catch (cause) {
    const values = Promise.reject<readonly WitValue[]>(cause);
    values.catch(() => undefined); // nobody awaits it if the call cannot even be accepted
    return whole(values);
  }
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
  share: Share,
  { deadlineMs, ended }: Limits,
): Gathering {
  let resolve: (values: readonly WitValue[]) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const values = new Promise<readonly WitValue[]>((...settle) => ([resolve, reject] = settle));
  values.catch(() => undefined); // as above
  let done = false;
  const settle = (finish: () => void): void => {
    if (done) return;
    done = true;
    share.release();
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
      share.add(data.length);
      const complete = reader.take(data);
      if (complete !== undefined) settle(() => resolve(complete));
    } catch (cause) {
      settle(() => reject(cause));
    }
  });
  const call = new AbortController();
  const closed = new AbortController();
  const end = (reason: unknown): void => {
    settle(() => reject(reason));
    call.abort(reason);
  };
  const cancel = clock.after(deadlineMs, () =>
    end(
      done
        ? new LatticeError("deadline", `the call did not end within ${deadlineMs} ms`)
        : new LatticeError("deadline", `parameters did not arrive within ${deadlineMs} ms`),
    ),
  );
  ended.addEventListener("abort", () => end(ended.reason), { once: true, signal: closed.signal });
  return {
    subject: inbox.subject,
    values,
    signal: call.signal,
    close() {
      settle(() => undefined);
      cancel();
      closed.abort();
      inbox.close();
    },
  };
}
