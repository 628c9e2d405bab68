/**
 * All providers of this host: starts and stops them, one change at a time for each id, and tells the lattice how each
 * change ended. Only what runs in the page itself can run here.
 */
import type { Commands, ProviderDescription, ProviderRequest } from "../core/command.ts";
import type { ProviderEvent } from "../core/event.ts";
import type { EntityId } from "../core/ids.ts";
import type { Later } from "../core/later.ts";
import type { ProviderView } from "../core/node-state.ts";
import type { ProviderKind } from "../core/provider.ts";
import type * as ProviderRun from "./provider-run.ts";
import type { ProviderReference } from "./provider-reference.ts";
import type { ProviderRunParts, RunningProvider } from "./provider-run.ts";

import { asLatticeError, LatticeError, messageOf } from "../core/error.ts";
import { aborted, createChanges } from "./changes.ts";
import { resolveProvider } from "./provider-reference.ts";

/** Bidders are asked for two seconds; whoever has not found out until now keeps silent. */
const BID_MS = 1500;
/** A start may wait for a lease; then it has this long. */
const START_MS = 120_000;
/** Clients wait two seconds for the answer of a stop; calls have this long to end. */
const STOP_MS = 1000;
/** Failed starts that are kept to be shown. */
const MOST_FAILED = 50;

export interface ProvidersParts extends Omit<ProviderRunParts, "onHealth"> {
  readonly announce: (event: ProviderEvent) => void;
  /** What runs a provider, loaded when the first one is asked for. */
  readonly code: Later<ProviderCode>;
}

export type ProviderCode = Pick<typeof ProviderRun, "couldHoldLease" | "startProvider">;

/** A provider as views see it, also before it runs and after it failed. */
export interface ProviderEntry {
  readonly request: ProviderRequest;
  readonly state: ProviderView["state"];
  readonly provider: RunningProvider | undefined;
}

/** A provider that was started by {@link Providers.serve}. */
export interface ServedProvider {
  /** As {@link Providers.stop}, unless it has ended before. */
  stop(): Promise<void>;
}

export interface Providers {
  /** Whether this host could start it now, as far as it can tell. */
  bid(request: Omit<Commands["provider.bid"]["request"], "constraints">): Promise<"bid" | "silent">;
  /** Begins at once; throws for an id that runs. The outcome is told by event and log. */
  start(request: ProviderRequest): void;
  /** Starts `kind` itself, as {@link start} does what a reference leads to; resolves when it runs, and rejects as it fails. */
  serve(request: ProviderRequest, kind: ProviderKind): Promise<ServedProvider>;
  /** Resolves when the provider has ended and the lattice was told. */
  stop(id: EntityId): Promise<void>;
  running(id: EntityId): RunningProvider | undefined;
  describe(): readonly ProviderDescription[];
  entries(): readonly ProviderEntry[];
  /** Ends all, within the signal, and tells nobody: the host has said goodbye. */
  stopAll(signal: AbortSignal): Promise<void>;
}

export function createProviders(parts: ProvidersParts): Providers {
  const { announce, log, clock } = parts;
  const entries = new Map<EntityId, ProviderEntry>();
  const changes = createChanges();
  const runParts: ProviderRunParts = {
    ...parts,
    onHealth: (id, change) => announce({ type: `provider-health-${change}`, id }),
  };

  const put = (id: EntityId, entry: ProviderEntry | undefined): void => {
    entries.delete(id); // so that the newest stands last
    if (entry !== undefined) entries.set(id, entry);
    const failed = [...entries].filter(([, { state }]) => state.phase === "failed");
    for (const [oldest] of failed.slice(0, -MOST_FAILED)) entries.delete(oldest);
    parts.changed();
  };
  const running = (id: EntityId): RunningProvider | undefined => {
    const entry = entries.get(id);
    return entry?.state.phase === "running" ? entry.provider : undefined;
  };

  /** Tells how the start of what `refer` gives ends; rejects with nothing. */
  const start = async (
    request: ProviderRequest,
    refer: () => ProviderReference,
    signal: AbortSignal,
  ): Promise<RunningProvider | LatticeError> => {
    const { id, image, annotations, linkName } = request;
    put(id, { request, state: { phase: "starting" }, provider: undefined });
    const late = new AbortController();
    const cancel = clock.after(START_MS, () =>
      late.abort(new LatticeError("deadline", `${id} had not started after ${START_MS / 1000} s`)),
    );
    try {
      signal.throwIfAborted();
      const reference = refer();
      const stopped = (): Promise<void> => stop(id);
      const { startProvider } = await parts.code(signal);
      const provider = await startProvider(request, reference, runParts, {
        stop: stopped,
        signal: AbortSignal.any([signal, late.signal]),
      });
      put(id, { request, state: { phase: "running" }, provider });
      provider.lost.addEventListener("abort", () => void leave(provider), { once: true });
      log.info("provider.started", { provider: id, image });
      announce({ type: "provider-started", id, image, annotations, linkName });
      return provider;
    } catch (cause) {
      const error = messageOf(cause);
      put(id, { request, state: { phase: "failed", error }, provider: undefined });
      log.warn("provider.failed", { provider: id, image, problem: error });
      announce({ type: "provider-start-failed", id, image, linkName, error });
      return asLatticeError(cause);
    } finally {
      cancel();
    }
  };
  /** Ends `provider`, if it is not ending yet, and tells why. */
  const end = async (provider: RunningProvider, reason: string): Promise<void> => {
    const { id, image, annotations, linkName } = provider.request;
    const entry = entries.get(id);
    if (entry?.provider !== provider || entry.state.phase === "stopping") return;
    put(id, { ...entry, state: { phase: "stopping" } });
    const late = new AbortController();
    const cancel = clock.after(STOP_MS, () => late.abort());
    try {
      await provider.stop(late.signal);
    } catch (cause) {
      log.error("provider.stop-failed", { provider: id, problem: messageOf(cause) });
    } finally {
      cancel();
      put(id, undefined);
    }
    log.info("provider.stopped", { provider: id, reason });
    announce({ type: "provider-stopped", id, image, annotations, linkName, reason });
  };
  const leave = (provider: RunningProvider): Promise<void> =>
    changes
      .enqueue(provider.request.id, () => end(provider, "another host has its lease"))
      .catch(() => undefined); // the host is stopping, which ends it as well

  /** Starts it when what was asked of its id before is done. */
  const begin = (
    request: ProviderRequest,
    refer: () => ProviderReference,
  ): Promise<RunningProvider | LatticeError> =>
    changes.enqueue(request.id, async (signal) => {
      if (running(request.id) === undefined) return start(request, refer, signal);
      const { id, image, linkName } = request;
      const error = "provider is already running with that ID";
      announce({ type: "provider-start-failed", id, image, linkName, error });
      return new LatticeError("conflict", error);
    });

  const stop = async (id: EntityId): Promise<void> => {
    const phase = entries.get(id)?.state.phase;
    if (phase === undefined || phase === "failed" || phase === "stopping") {
      throw new LatticeError("not-found", "provider with that ID is not running");
    }
    changes.giveUp(id, new LatticeError("aborted", `a later command stopped ${id}`));
    await changes.enqueue(id, async () => {
      const provider = running(id);
      if (provider !== undefined) await end(provider, "stop");
    });
  };

  return {
    running,
    async bid({ id, image }) {
      try {
        const { lease } = resolveProvider(image, parts.kinds);
        const phase = entries.get(id)?.state.phase;
        if (phase !== undefined && phase !== "failed") return "silent";
        if (!lease) return "bid";
        const late = AbortSignal.timeout(BID_MS);
        const { couldHoldLease } = await parts.code(late);
        return (await couldHoldLease(parts, id, late)) ? "bid" : "silent";
      } catch (cause) {
        log.info("provider.no-bid", { provider: id, image, problem: messageOf(cause) });
        return "silent";
      }
    },
    start(request) {
      if (running(request.id) !== undefined) throw alreadyRunning("already running");
      void begin(request, () => resolveProvider(request.image, parts.kinds)).catch(
        () => undefined, // refused because the host is stopping, which it has told
      );
    },
    async serve(request, kind) {
      const { id } = request;
      if (running(id) !== undefined) throw alreadyRunning(`already running: ${id}`);
      const provider = await begin(request, () => ({ kind, lease: kind.exclusive }));
      if (provider instanceof LatticeError) throw provider;
      const runs = (): boolean => entries.get(id)?.provider === provider;
      return {
        async stop() {
          // One that is stopping has left when what is queued behind that has its turn.
          await changes.enqueue(id, async () => {
            if (runs()) await end(provider, "stop");
          });
        },
      };
    },
    stop,
    describe: () =>
      [...entries.values()].flatMap(({ request: { id, image, annotations, linkName }, state }) =>
        state.phase === "running" ? [{ id, image, annotations, linkName }] : [],
      ),
    entries: () => [...entries.values()],
    async stopAll(signal) {
      await changes.end(new LatticeError("closed", "this host is stopping"), signal);
      const left = [...entries.values()].flatMap(({ provider }) => provider ?? []);
      await Promise.race([Promise.all(left.map((each) => each.stop(signal))), aborted(signal)]);
      entries.clear();
      parts.changed();
    },
  };
}

function alreadyRunning(how: string): LatticeError {
  return new LatticeError("conflict", `provider with that ID is ${how}`);
}
