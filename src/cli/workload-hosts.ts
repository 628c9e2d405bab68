/**
 * Hosts of wasmCloud v2 as whoever drives them without an operator sees them: found by their heartbeats, and told to start,
 * look after and stop workloads (wasmCloud `crates/wash-runtime/src/washlet/mod.rs` at v2.7.0).
 */
import type { Bus } from "../core/bus.ts";

import { asLatticeError, LatticeError } from "../core/error.ts";
import {
  hostHeartbeat,
  type WireHeartbeat,
  type WireStatus,
  workloadRequest,
  workloadResponse,
  workloadStartRequest,
} from "../dialects/v2/schema.ts";
import { commandSubject, heartbeatSubject } from "../dialects/v2/subjects.ts";
import type { Manifest, Placement } from "./workload-manifest.ts";

/** Hosts tell of themselves each 15 s; one that is late is waited for as well. */
const LISTEN_MS = 20_000;
/** As long as an operator waits. */
const START_MS = 60_000;
const STATUS_MS = 5000;
const STOP_MS = 30_000;

export type Seen = WireHeartbeat;

/**
 * Hosts, each once, as they are heard of; ends after 20 s, or when whoever asks has heard enough.
 *
 * @throws the signal's reason.
 */
export async function* heardHosts(bus: Bus, signal: AbortSignal): AsyncGenerator<Seen, void> {
  const known = new Set<string>();
  const fresh: Seen[] = [];
  let wake: () => void = () => undefined;
  const over = new AbortController();
  const late = AbortSignal.timeout(LISTEN_MS);
  for (const each of [late, signal]) {
    each.addEventListener("abort", () => wake(), { once: true, signal: over.signal });
  }
  bus.subscribe(
    heartbeatSubject("*"),
    ({ data }) => {
      const host = readHeartbeat(data);
      if (host === undefined || known.has(host.id)) return;
      known.add(host.id);
      fresh.push(host);
      wake();
    },
    { signal: over.signal },
  );
  try {
    await bus.flush(signal);
    for (;;) {
      signal.throwIfAborted();
      const next = fresh.shift();
      if (next !== undefined) yield next;
      else if (late.aborted) return;
      else {
        // oxlint-disable-next-line no-await-in-loop -- one host after the other
        await new Promise<void>((resolve) => (wake = resolve));
      }
    }
  } finally {
    over.abort();
  }
}

/** Anybody may publish there. */
function readHeartbeat(data: Uint8Array): Seen | undefined {
  try {
    const host = hostHeartbeat.decode(data);
    return isToken(host.id) ? host : undefined;
  } catch {
    return undefined;
  }
}

export function isToken(text: string): boolean {
  return /^[^\s.*>]+$/.test(text);
}

/** Why `host` is not one that `manifest` means; `undefined`: it is. */
export function misfit(host: Seen, manifest: Omit<Manifest, "placements">): string | undefined {
  const { hostSelector, hostId, environment } = manifest;
  if (hostId !== undefined && hostId !== host.id) return `its id is not ${hostId}`;
  if (environment !== undefined && environment !== host.environment) {
    return `its environment is not ${environment}`;
  }
  for (const [key, value] of hostSelector) {
    if (host.labels.get(key) !== value) return `its label ${key} is not ${value}`;
  }
  return undefined;
}

export const startOn = (
  bus: Bus,
  host: string,
  { id, workload }: Placement,
  signal: AbortSignal,
): Promise<WireStatus> =>
  ask(
    bus,
    commandSubject(host, "workload.start"),
    workloadStartRequest.encode({ workload, workloadId: id }),
    START_MS,
    signal,
  );

/** What is asked of a host about a workload that it may have, and how long that may take. */
const TIMES = { status: STATUS_MS, stop: STOP_MS };

export const askOn = (
  bus: Bus,
  host: string,
  command: keyof typeof TIMES,
  id: string,
  signal: AbortSignal,
): Promise<WireStatus> =>
  ask(
    bus,
    commandSubject(host, `workload.${command}`),
    workloadRequest.encode({ workloadId: id }),
    TIMES[command],
    signal,
  );

/** @throws {LatticeError} `not-served`, `deadline`, `bad-message`, or the signal's reason. */
async function ask(
  bus: Bus,
  subject: string,
  data: Uint8Array,
  ms: number,
  signal: AbortSignal,
): Promise<WireStatus> {
  const late = AbortSignal.timeout(ms);
  try {
    const reply = await bus.request(subject, data, { signal: AbortSignal.any([signal, late]) });
    const { workloadStatus } = workloadResponse.decode(reply.data);
    if (workloadStatus !== undefined) return workloadStatus;
    throw new LatticeError("bad-message", `the answer to ${subject} has no status`);
  } catch (cause) {
    signal.throwIfAborted();
    if (late.aborted) throw new LatticeError("deadline", `${subject} had no answer in ${ms} ms`);
    const { code } = asLatticeError(cause);
    if (code !== "not-served") throw cause;
    throw new LatticeError("not-served", `nobody answers ${subject}: is that host still there?`);
  }
}
