/** The streams and futures of one call, at either end: what comes from the peer, what goes to it, and credit for both. */
import type { Bus, BusMessage } from "../../core/bus.ts";
import type { WitType } from "../../core/wit.ts";
import type { DeferredPart, Intake } from "../../wire/bytes.ts";
import type { Share } from "./gathering.ts";
import type { RoundTrips } from "./pace.ts";

import { LatticeError } from "../../core/error.ts";
import { abandon } from "../../wire/value-deferred.ts";
import { type Channel, parseChannel } from "../../wire/wrpc.ts";
import {
  abandonSubject,
  flowSubject,
  flowTail,
  readWindow,
  STOP,
  WINDOW_BYTES,
  writeRead,
} from "./flow.ts";
import { createIncoming } from "./incoming.ts";
import { createOutgoing, type Outgoing } from "./outgoing.ts";

export interface CallStreamsParts {
  readonly rpc: Bus;
  readonly roundTrips: RoundTrips;
  /** What comes from the peer: the results, for a caller. */
  readonly incoming: { readonly name: Channel["name"]; readonly types: readonly WitType[] };
  readonly share: Share;
  /** How failures call the peer. */
  readonly peer: string;
  /** The peer gave the whole call up. */
  readonly onAbandoned: (reason: LatticeError) => void;
}

export interface CallStreams {
  /** For the decoder of what comes. */
  readonly open: Intake["open"];
  /** Takes a message for the part `path` of the call's inbox, other than its root values. */
  receive(path: string, message: BusMessage): void;
  /** Learns where the peer listens, and whether it gives credit. */
  meet(inbox: string, headers: BusMessage["headers"]): void;
  /** Sends parts of the values that go to the peer, once that is met. See `Outgoing.send`. */
  send(parts: readonly DeferredPart[]): Promise<void>;
  /** As `Incoming.ended`. */
  received(): Promise<void>;
  /** Breaks off all that has not ended, both ways; tells a peer that understands it when the call is given up. */
  end(reason: unknown, options?: { readonly abandoned: boolean }): void;
}

/** A report is due when so much was read since the last one. */
const REPORT_BYTES = WINDOW_BYTES / 4;

export function createCallStreams(parts: CallStreamsParts): CallStreams {
  const { rpc, roundTrips, share, peer } = parts;
  const lifetime = new AbortController();
  const sentName = parts.incoming.name === "params" ? "results" : "params";
  const reported = new Map<string, number>();
  let met: { readonly inbox: string; readonly window: number | undefined } | undefined;
  let outgoing: Outgoing | undefined;

  const publish = (subject: string, data: Uint8Array): void => {
    try {
      rpc.publish(subject, data);
    } catch {
      // Where there is no connection, the peer's is lost with it or its deadline will pass.
    }
  };
  const tell = (path: readonly number[], read: number | "stop"): void => {
    if (met?.window === undefined) return;
    const subject = flowSubject(met.inbox, { name: parts.incoming.name, path });
    if (read === "stop") return publish(subject, STOP);
    const key = path.join(".");
    if (read - (reported.get(key) ?? 0) < REPORT_BYTES) return;
    reported.set(key, read);
    publish(subject, writeRead(read));
  };
  const incoming = createIncoming({ types: parts.incoming.types, share, tell, peer });

  return {
    open: (type, path) => incoming.open(type, path),
    receive(tail, { data, release }) {
      const report = flowTail(tail);
      if (report === "") {
        if (data.length === 0) {
          parts.onAbandoned(new LatticeError("aborted", `${peer} gave the call up`));
        }
        return;
      }
      const channel = parseChannel(report ?? tail);
      if (channel === undefined || channel.path.length === 0) return;
      if (report === undefined) {
        if (channel.name === parts.incoming.name) incoming.receive(channel.path, data, release);
      } else {
        if (channel.name === sentName) outgoing?.report(channel.path, data);
        release?.();
      }
    },
    meet(inbox, headers) {
      met = { inbox, window: readWindow(headers) };
    },
    async send(all) {
      if (met === undefined || lifetime.signal.aborted) {
        for (const part of all) abandon(part, lifetime.signal.reason);
        throw lifetime.signal.reason;
      }
      const { signal } = lifetime;
      outgoing = createOutgoing({ rpc, roundTrips, name: sentName, signal, ...met });
      await outgoing.send(all);
    },
    received: () => incoming.ended(),
    end(reason, { abandoned } = { abandoned: false }) {
      if (lifetime.signal.aborted) return;
      if (abandoned && met?.window !== undefined) publish(abandonSubject(met.inbox), STOP);
      incoming.fail(reason);
      lifetime.abort(reason);
      share.release();
    },
  };
}
