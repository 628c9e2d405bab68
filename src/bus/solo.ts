/**
 * A lattice of the tabs of one origin, without a server: what `solo:` is the address of. One tab arbitrates, and the others
 * are linked with it.
 */
import type { Bus, BusStatus } from "../core/bus.ts";
import { asLatticeError, LatticeError } from "../core/error.ts";
import type { Log } from "../core/log.ts";
import { SOLO_ADDRESS } from "../core/solo-address.ts";
import { until } from "../core/view.ts";
import { createLineBus, type LineBus } from "./line-bus.ts";
import { MAX_PAYLOAD } from "./memory.ts";
import { createMember } from "./solo-member.ts";
import type { SoloPorts } from "./solo-ports.ts";

export interface SoloOptions {
  /** `_INBOX.<host id>` */
  readonly inboxPrefix: string;
  readonly log?: Log;
  /** Gives up the first connect; ends the connection later, at once and without draining. */
  readonly signal?: AbortSignal;
}

/** This tab's place in the lattice. It ends with its last connection. */
export interface Solo {
  /**
   * Resolves when there is an arbiter.
   *
   * @throws {LatticeError} `unsupported` when the browser denies storage, `no-servers` when no tab comes to arbitrate, or the
   * signal's reason.
   */
  connect(options: SoloOptions): Promise<Bus>;
}

const FIRST_CONNECT_TIMEOUT_MS = 10_000;

/** @throws {LatticeError} `unsupported` when the browser denies storage. */
export async function openSolo(ports: SoloPorts): Promise<Solo> {
  const { clock, unique } = ports;
  const lines = new Set<LineBus>();
  const failures = new Set<(error: LatticeError) => void>();
  const member = await createMember({
    ...ports,
    attached(connect) {
      for (const line of lines) line.attach(connect(line.client));
    },
    begun() {
      for (const line of lines) line.open();
    },
    cut(reason) {
      for (const line of lines) line.cut(reason);
    },
    failed(error) {
      for (const fail of failures) fail(error);
    },
  });

  /** The first connect of one connection. */
  const opened = async (bus: Bus, signal: AbortSignal | undefined): Promise<void> => {
    const limit = new AbortController();
    const giveUp = (error: LatticeError): void => limit.abort(error);
    const cancel = clock.after(FIRST_CONNECT_TIMEOUT_MS, () =>
      giveUp(new LatticeError("no-servers", "no tab of this origin came to arbitrate within 10 s")),
    );
    const aborted = (): void => giveUp(asLatticeError(signal?.reason, "aborted"));
    failures.add(giveUp);
    signal?.addEventListener("abort", aborted, { once: true });
    try {
      if (signal?.aborted === true) aborted();
      await until(bus.status, ({ phase }: BusStatus) => phase === "open", limit.signal);
    } finally {
      failures.delete(giveUp);
      signal?.removeEventListener("abort", aborted);
      cancel();
    }
  };

  return {
    async connect({ inboxPrefix, log, signal }) {
      const line: LineBus = createLineBus({
        name: SOLO_ADDRESS,
        maxPayload: MAX_PAYLOAD,
        newInbox: () => `${inboxPrefix}.${unique()}`,
        clock,
        log,
        signal,
        probe: () => member.probe(),
        onClosed() {
          lines.delete(line);
          if (lines.size === 0) member.close();
        },
      });
      lines.add(line);
      const { connect } = member;
      if (connect !== undefined) {
        line.attach(connect(line.client));
        if (member.begun) line.open();
      }
      try {
        await opened(line.bus, signal);
        return line.bus;
      } catch (thrown) {
        line.close();
        throw thrown;
      }
    },
  };
}
