/**
 * The heartbeat of a host: told to the operator each 15 s, and given to whoever asks. An operator schedules only to hosts that
 * answer when they are asked, and gives one up that neither tells nor answers for 60 s
 * (`runtime-operator/internal/controller/runtime/host_controller.go` @ v2.7.0).
 */
import type { DialectParts } from "../../core/dialect.ts";
import type { HostControl } from "../../core/command.ts";
import type { InterfacePackage } from "../../core/offer.ts";
import type { Identity } from "./identity.ts";
import type { WireInterface } from "./schema.ts";

import { keepBeating } from "../../core/beat.ts";
import { flushed } from "../../core/bus.ts";
import { asLatticeError, messageOf } from "../../core/error.ts";
import { hostHeartbeat } from "./schema.ts";
import { heartbeatSubject } from "./subjects.ts";

/** `HEARTBEAT_INTERVAL` of `crates/wash-runtime/src/washlet/mod.rs` @ v2.7.0. */
const HEARTBEAT_MS = 15_000;
const NANOS_OF_MS = 1_000_000n;

/** Gives the heartbeat of this moment. A page is told nothing of processors and little of memory, so it says nothing of them. */
export type Heartbeat = (host: HostControl) => Promise<Uint8Array>;

export function createHeartbeat(identity: Identity, startedMs: number): Heartbeat {
  const { id, hostname, friendlyName, httpPort, environment } = identity;
  const startedAt = BigInt(Math.floor(startedMs)) * NANOS_OF_MS;
  return async (host) => {
    const { version, labels, sets } = await host.run("host.describe", undefined);
    return hostHeartbeat.encode({
      id,
      hostname,
      friendlyName,
      version,
      labels: identity.labels(labels),
      startedAt,
      osArch: "wasm32",
      osName: "browser",
      osKernel: "web",
      componentCount: BigInt(sets.members),
      workloadCount: BigInt(sets.count),
      imports: sets.imports.map(wireInterface),
      exports: sets.exports.map(wireInterface),
      httpPort,
      environment,
    });
  };
}

/** Without what is newer than v2.0. */
function wireInterface({
  namespace,
  package: pkg,
  version = "",
  interfaces,
}: InterfacePackage): Omit<WireInterface, "config" | "name"> {
  return { namespace, package: pkg, version, interfaces };
}

/** Tells the operator now, at full intervals, and as soon as a connection that was lost is back, until `signal` aborts. */
export function keepTelling(
  { control, clock, log }: Pick<DialectParts, "control" | "clock" | "log">,
  { id }: Identity,
  heartbeat: () => Promise<Uint8Array>,
  signal: AbortSignal,
): void {
  const subject = heartbeatSubject(id);
  const tell = async (): Promise<void> => {
    try {
      const data = await heartbeat();
      if (!signal.aborted) control.publish(subject, data);
    } catch (cause) {
      // The next one goes out when the connection is back.
      if (asLatticeError(cause).code === "disconnected" || signal.aborted) return;
      log.warn("operator.untold", { subject, problem: messageOf(cause) });
    }
  };
  /** Whoever hears of this host may send it commands at once, so the server has to know its subscription. */
  const tellAgain = async (): Promise<void> => {
    try {
      await flushed(control, signal);
    } catch {
      return; // closed, or over
    }
    await tell();
  };
  control.status.subscribe(({ phase }) => {
    if (phase === "open") void tellAgain(); // hears its own failures
  }, signal);
  keepBeating(clock, HEARTBEAT_MS, () => void tell(), signal);
  void tell();
}
