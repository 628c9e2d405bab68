/** The connection of a bus over time: first link, losses, redials, end. What is sent over it is not this file's. */
import type { BusStatus } from "../core/bus.ts";
import type { Clock } from "../core/clock.ts";
import { asLatticeError, LatticeError, messageOf } from "../core/error.ts";
import type { Log } from "../core/log.ts";
import { createSource, type View } from "../core/view.ts";
import { closed, disconnected } from "./errors.ts";
import type { Link } from "./nats-link.ts";
import type { Redial } from "./nats-redial.ts";
import type { ServerAddress } from "./server-address.ts";

export interface SessionOptions {
  readonly servers: readonly ServerAddress[];
  readonly redial: Redial;
  readonly clock: Clock;
  readonly log: Log;
  /** Gives up the first connect; ends the session later. */
  readonly signal: AbortSignal;
  readonly firstConnectTimeoutMs: number;
  /** A link is there; `status` says so afterwards. */
  readonly onOpen: (link: Link) => void;
  /** The link is gone, for a while or, with `closed`, for good. */
  readonly onLost: (error: LatticeError) => void;
}

export interface Session {
  readonly status: View<BusStatus>;
  /** @throws {LatticeError} `disconnected` or, after the end, `closed`. */
  present(): Link;
  /** The last link that there was, also while it is lost. */
  last(): Link;
  probe(): void;
  end(reason?: string): void;
  readonly ended: boolean;
}

/** A live server answers a ping in far less; after a wake, a dead connection must not cost calls. */
const PROBE_LIMIT_MS = 2_000;

/** @throws {LatticeError} `no-servers`, `denied`, or the signal's reason. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { clock, log, redial, signal } = options;
  const end = new AbortController();
  const status = createSource<BusStatus>({ phase: "connecting" });
  let last = await firstLink(options);
  if (signal.aborted) {
    last.sever("given up");
    throw asLatticeError(signal.reason, "aborted");
  }
  let link: Link | undefined;

  const use = (next: Link): void => {
    if (end.signal.aborted) return next.sever("the bus was closed");
    last = link = next;
    options.onOpen(next);
    log.info("bus.open", { server: next.server });
    void watch(next); // its wait does not reject
    status.set({ phase: "open", server: next.server });
  };
  const watch = async (gone: Link): Promise<void> => {
    const reason = await gone.lost;
    if (link !== gone) return;
    link = undefined;
    log.warn("bus.lost", { server: gone.server, reason });
    status.set({ phase: "reconnecting", since: clock.now(), reason });
    options.onLost(disconnected(reason));
    void redial.run(end.signal, tellRefusal).then(use, () => undefined); // rejects only at the end
  };
  const tellRefusal = (server: ServerAddress, error: LatticeError): void => {
    log.debug("bus.dial-failed", { server: server.shown, code: error.code, error: error.message });
    const now = status.peek();
    if (error.code !== "denied" || now.phase !== "reconnecting") return;
    if (now.reason !== error.message) status.set({ ...now, reason: error.message });
  };
  const finish = (reason?: string): void => {
    if (end.signal.aborted) return;
    end.abort(closed());
    signal.removeEventListener("abort", abort);
    link = undefined;
    options.onLost(closed());
    last.sever("the bus was closed");
    status.set(reason === undefined ? { phase: "closed" } : { phase: "closed", reason });
  };
  const abort = (): void => finish(messageOf(signal.reason));

  signal.addEventListener("abort", abort, { once: true });
  use(last);
  return {
    status,
    end: finish,
    last: () => last,
    present() {
      if (end.signal.aborted) throw closed();
      if (link?.open === true) return link;
      const now = status.peek();
      throw disconnected((now.phase === "reconnecting" ? now.reason : undefined) ?? "closing");
    },
    probe() {
      if (end.signal.aborted) return;
      if (link === undefined) redial.hurry();
      else link.check(PROBE_LIMIT_MS);
    },
    get ended() {
      return end.signal.aborted;
    },
  };
}

async function firstLink(options: SessionOptions): Promise<Link> {
  const { clock, firstConnectTimeoutMs, log, redial, signal } = options;
  const failures = new Map<string, string>();
  const limit = new AbortController();
  const cancel = clock.after(firstConnectTimeoutMs, () => limit.abort());
  try {
    return await redial.run(AbortSignal.any([signal, limit.signal]), (server, error) => {
      log.debug("bus.dial-failed", {
        server: server.shown,
        code: error.code,
        error: error.message,
      });
      if (error.code === "denied") throw error;
      failures.set(server.shown, error.message);
    });
  } catch (thrown) {
    if (signal.aborted) throw asLatticeError(signal.reason, "aborted");
    if (!limit.signal.aborted) throw asLatticeError(thrown);
    throw noServers(options, failures);
  } finally {
    cancel();
  }
}

function noServers(
  { servers, firstConnectTimeoutMs }: SessionOptions,
  failures: ReadonlyMap<string, string>,
): LatticeError {
  const tried = servers.map(({ shown }) => `${shown} (${failures.get(shown) ?? "no answer"})`);
  // The only code that browsers give for a dial that failed, whatever the cause (WHATWG WebSockets, "fail the connection").
  const hint = [...failures.values()].some((text) => text.includes("1006"))
    ? "; a page cannot tell why: the server may be down, this may not be its WebSocket port, it may refuse this page's origin, or its certificate is not trusted"
    : "";
  return new LatticeError(
    "no-servers",
    `no server answered within ${firstConnectTimeoutMs / 1000} s: ${tried.join(", ")}${hint}`,
  );
}
