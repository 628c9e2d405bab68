/**
 * The parameters of one wRPC call, as they come: with the invocation, and after the acceptance on `….params`, in
 * pieces that know nothing of the values' bounds. Streams and futures among them, or among the results, flow beside.
 */
import type { BusMessage } from "../../core/bus.ts";
import type { DialectParts } from "../../core/dialect.ts";
import type { WitType, WitValue } from "../../core/wit.ts";
import type { Acceptances } from "./acceptances.ts";
import type { Gatherings, Share } from "./gathering.ts";
import type { Inboxes } from "./inboxes.ts";
import type { RoundTrips } from "./pace.ts";

import { LatticeError } from "../../core/error.ts";
import { createTupleDecoder } from "../../wire/value.ts";
import { type CallStreams, createCallStreams } from "./call-streams.ts";

export interface RpcParts extends DialectParts {
  readonly inboxes: Inboxes;
  readonly roundTrips: RoundTrips;
  readonly acceptances: Acceptances;
  readonly gatherings: Gatherings;
}

/** Parameters of one call, in bytes: what a peer may make this host keep. */
const MOST_PARAMETER_BYTES = 64 * 1024 * 1024;

interface Parameterized {
  readonly instance: string;
  readonly func: string;
  readonly params: readonly WitType[];
  /** Parameters or results have streams or futures. */
  readonly streams: boolean;
}

export interface Gathering {
  /** The server's own inbox for this call. */
  readonly subject: string;
  /** Of a call that has any. */
  readonly streams: CallStreams | undefined;
  /** At once, if the first message held them all. */
  readonly values: readonly WitValue[] | Promise<readonly WitValue[]>;
  /**
   * Aborts with `deadline`, with the end of what is served, or when the caller gives the call up; of a call without
   * streams that is complete, only with the end of what is served.
   */
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
  const whole = (values: Gathering["values"]): Gathering => ({
    subject: inboxes.unheard(),
    streams: undefined,
    values,
    signal: limits.ended,
    close: () => undefined,
  });
  try {
    if (endpoint.streams) return gatherWithStreams(parts, endpoint, first, limits);
    const reader = readerOf(parts.log, endpoint);
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

function gatherWithStreams(
  parts: RpcParts,
  endpoint: Parameterized,
  first: BusMessage,
  limits: Limits,
): Gathering {
  const share = parts.gatherings.enter();
  let abandoned = (_reason: LatticeError): void => undefined;
  const streams = createCallStreams({
    rpc: parts.rpc,
    roundTrips: parts.roundTrips,
    incoming: { name: "params", types: endpoint.params },
    share,
    peer: "the caller",
    onAbandoned: (reason) => abandoned(reason),
  });
  try {
    const reader = readerOf(parts.log, endpoint, streams.open);
    streams.meet(first.reply ?? "", first.headers);
    const values = reader.take(first.data);
    const gathering = gatherRest(parts, reader, share, limits, { streams, values });
    abandoned = (reason) => gathering.end(reason);
    return gathering;
  } catch (cause) {
    streams.end(cause);
    throw cause;
  }
}

interface Reader {
  /** The values, once they are complete. */
  take(data: Uint8Array): readonly WitValue[] | undefined;
  readonly bytes: number;
}

function readerOf(
  log: DialectParts["log"],
  { instance, func, params }: Parameterized,
  open?: CallStreams["open"],
): Reader {
  const decoder = createTupleDecoder(params, open);
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

/** What a call with streams has besides: its streams, and its values if they are complete. */
interface Streaming {
  readonly streams: CallStreams;
  readonly values: readonly WitValue[] | undefined;
}

function gatherRest(
  { rpc, inboxes, clock }: RpcParts,
  reader: Reader,
  share: Share,
  { deadlineMs, ended }: Limits,
  streaming?: Streaming,
): Gathering & { end(reason: unknown): void } {
  const streams = streaming?.streams;
  let resolve: (values: readonly WitValue[]) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const values = new Promise<readonly WitValue[]>((...settle) => ([resolve, reject] = settle));
  values.catch(() => undefined); // as above
  let done = streaming?.values !== undefined;
  const settle = (finish: () => void): void => {
    if (done) return;
    done = true;
    if (streams === undefined) share.release(); // a call with streams holds it to its end
    finish();
  };
  const inbox = inboxes.open((path, message) => {
    if (path !== "params") return streams?.receive(path, message);
    if (done) return;
    const { data } = message;
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
    streams?.end(reason);
  };
  const cancel = clock.after(deadlineMs, () =>
    end(
      done
        ? new LatticeError("deadline", `the call did not end within ${deadlineMs} ms`)
        : new LatticeError("deadline", `parameters did not arrive within ${deadlineMs} ms`),
    ),
  );
  ended.addEventListener("abort", () => end(ended.reason), { once: true, signal: closed.signal });
  // What flowed meanwhile is lost with the connection, and nobody sends it again.
  if (streams !== undefined) rpc.status.subscribe(() => end(CUT_OFF), closed.signal);
  return {
    subject: inbox.subject,
    streams,
    values: streaming?.values ?? values,
    signal: call.signal,
    end,
    close() {
      settle(() => undefined);
      cancel();
      closed.abort();
      streams?.end(CALL_OVER);
      inbox.close();
    },
  };
}

const CUT_OFF = new LatticeError("disconnected", "the connection was lost during the call");

/** What reads on in the streams of a call that has ended gets this. */
const CALL_OVER = new LatticeError("closed", "the call has ended");
