/**
 * Keeps a kiosk joined: a node that fails is followed by another one, under the same host id, with growing pauses. A host that
 * the lattice has stopped stays stopped.
 */
import type { ErrorCode } from "../../index.ts";
import type { Session } from "../session.ts";
import type { JoinRequest } from "../state/join-form.ts";

import { pauseMs } from "../state/pauses.ts";
import { pause } from "./pause.ts";

/** What no later try can change. */
const HOPELESS: ReadonlySet<ErrorCode> = new Set(["insecure-context"]);
/** A node that has been joined for as long counts as well: the next failure is a first one again. */
const WELL_MS = 60_000;
/** Threads of workers that were ended go within two seconds, if they go. */
const IDENTITY_PATIENCE_MS = 5_000;

export interface KeptJoined {
  readonly session: Session;
  readonly request: () => Promise<JoinRequest>;
  /** The id to have again, if there was one. */
  readonly hostId: () => string | undefined;
  /** A node is lost and another one follows. */
  readonly onRestart: (code: ErrorCode | undefined) => void;
}

/** Joins, and again whenever the node has failed, until `signal` aborts. */
export function keepJoined(parts: KeptJoined, signal: AbortSignal): void {
  const { session, request, hostId, onRestart } = parts;
  let failures = 0;
  let joinedMs: number | undefined;
  let begun = false;
  let planned = false;
  /** Who had the identity of the node before. */
  let holder: string | undefined;

  const join = async (): Promise<void> => {
    await identityFree(hostId(), holder, signal);
    const wanted = await request();
    if (signal.aborted) return;
    if (begun) onRestart(session.view.peek().error?.code);
    begun = true;
    session.actions.join(wanted);
  };
  const again = async (): Promise<void> => {
    const well = joinedMs !== undefined && performance.now() - joinedMs > WELL_MS;
    if (well) failures = 0;
    joinedMs = undefined;
    await pause(pauseMs(failures++, Math.random), signal);
    planned = false;
    await join();
  };
  const remember = async (): Promise<void> => {
    const id = hostId();
    holder = id === undefined ? undefined : await holderOf(id);
  };
  session.view.subscribe(({ phase, error }) => {
    if (phase === "joined" && joinedMs === undefined) {
      joinedMs = performance.now();
      void remember().catch(() => undefined); // then nothing is taken from anybody
    }
    if (phase !== "failed" || planned || HOPELESS.has(error?.code ?? "internal")) return;
    planned = true;
    void again().catch(() => undefined); // the signal has aborted: somebody else goes on
  }, signal);
  void join().catch(() => undefined); // as above
}

/** The client that has the identity `id`: the host worker, while its node has joined. */
async function holderOf(id: string): Promise<string | undefined> {
  const { held = [] } = await navigator.locks.query();
  return held.find(({ name }) => name === lockOf(id))?.clientId;
}

/** As `storage/identities.ts` names it. */
function lockOf(id: string): string {
  return `inlay.host.${id}`;
}

/**
 * Waits until the identity of the node before is free. A worker that was ended gives it back when its thread is gone, and a
 * thread that loops may be there for ever: what `dead` still has is taken from it. Whatever else has it may keep it, and the
 * node takes the next identity that is free.
 */
async function identityFree(
  id: string | undefined,
  dead: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (id === undefined) return;
  const patience = AbortSignal.any([signal, AbortSignal.timeout(IDENTITY_PATIENCE_MS)]);
  try {
    await navigator.locks.request(lockOf(id), { signal: patience }, () => undefined);
  } catch {
    if (dead === undefined || (await holderOf(id)) !== dead) return;
    await navigator.locks.request(lockOf(id), { steal: true }, () => undefined);
  }
}
