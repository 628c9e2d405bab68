/**
 * What hosts of v2 say of themselves: a heartbeat each 15 s that counts what they run and does not name it
 * (wasmCloud `crates/wash-runtime/src/washlet` @ v2.7.0). There is no goodbye. It is meant for operators: where these
 * credentials may not listen to it, nothing is heard.
 */
import type { DialectParts } from "../../core/dialect.ts";
import type { Listening, Observation, Word } from "../../core/observation.ts";

import { LatticeError, messageOf } from "../../core/error.ts";
import { createSource } from "../../core/view.ts";
import { isToken } from "../observe.ts";
import { createRation } from "../observe-ration.ts";
import { hostHeartbeat } from "./schema.ts";
import { heartbeatSubject } from "./subjects.ts";

/** All hosts that are there have told of themselves by then. */
const HEARTBEAT_MS = 15_000;
const NANOS_OF_MS = 1_000_000n;

/** `own`: this host's id here, which is not the one that it has elsewhere. */
export function observe(
  { control, clock, log }: DialectParts,
  own: string,
  hear: (word: Word) => void,
  signal: AbortSignal,
): Observation {
  const subject = heartbeatSubject("*");
  const listening = createSource<Listening>({ phase: "asking" });
  let denied = false;
  let awaited = true;
  let told = false;
  const show = (): void => {
    if (control.status.peek().phase !== "open") listening.set({ phase: "stale" });
    else if (denied) listening.set({ phase: "denied", events: [subject] });
    else listening.set({ phase: awaited ? "asking" : "live" });
  };
  const ration = createRation(clock, () => undefined, signal);
  control.subscribe(
    subject,
    ({ data, status }) => {
      if (status !== undefined || !ration.take()) return;
      try {
        const word = read(data, clock.now());
        if (word.host !== own) hear(word);
      } catch (cause) {
        if (!told) log.debug("lattice.unreadable", { subject, problem: messageOf(cause) });
        told = true;
      }
    },
    {
      signal,
      onDenied(error) {
        log.info("lattice.denied", { subject, problem: error.message });
        denied = true;
        show();
      },
    },
  );
  const cancel = clock.after(HEARTBEAT_MS, () => {
    awaited = false;
    show();
  });
  signal.addEventListener("abort", cancel, { once: true });
  control.status.subscribe(show, signal);
  show();
  // An operator asks hosts of v2; whoever else did might be taken for one.
  return { listening, unread: () => ration.unread(), ask: () => undefined };
}

function read(data: Uint8Array, nowMs: number): Word {
  const { id, friendlyName, hostname, labels, version, startedAt, ...counts } =
    hostHeartbeat.decode(data);
  if (!isToken(id)) throw new LatticeError("bad-message", "a host's id must be a plain word");
  const startedMs = startedAt === undefined ? undefined : Number(startedAt / NANOS_OF_MS);
  return {
    type: "tally",
    host: id,
    word: {
      friendlyName: friendlyName === "" ? hostname : friendlyName,
      labels,
      version: version === "" ? undefined : version,
      uptimeSeconds:
        startedMs === undefined ? undefined : Math.max(0, Math.round((nowMs - startedMs) / 1000)),
    },
    tally: {
      workloads: Number(counts.workloadCount),
      components: Number(counts.componentCount),
    },
  };
}
