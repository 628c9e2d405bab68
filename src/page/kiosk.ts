/**
 * The kiosk: one node, no forms, a calm screen that stays lit. It joins by itself, heals itself, moves to new versions by
 * itself, and says how it is: on the screen, in attributes, events and labels.
 */
import type { NodeState } from "../index.ts";
import type { BoardState } from "./kiosk/board.ts";
import type { Question } from "./kiosk/enrol.ts";
import type { ReloadReason, Tally } from "./state/ledger.ts";

import { render } from "lit";
import { until } from "../core/view.ts";
import { livingLabels } from "../index.ts";
import { board } from "./kiosk/board.ts";
import { enrol, wipeLateEnrolments } from "./kiosk/enrol.ts";
import { tellHealth } from "./kiosk/health.ts";
import { keepJoined } from "./kiosk/joining.ts";
import { watchMemory } from "./kiosk/memory.ts";
import { canFill, fill, keepAwake, keepMoving } from "./kiosk/screen.ts";
import { keepStarted } from "./kiosk/starts.ts";
import { keepUpdated } from "./kiosk/updates.ts";
import { createSession } from "./session.ts";
import { shellOf } from "./shell.ts";
import { readStart } from "./site.ts";
import { count, QUIET } from "./state/activity.ts";
import { documentState, writeDocumentState } from "./state/document-state.ts";
import { failedState } from "./state/idle-state.ts";
import { healthOf } from "./state/kiosk-health.ts";
import { readKioskSettings } from "./state/kiosk-settings.ts";
import { mayReloadFrom, readLedger, withReload } from "./state/ledger.ts";

/** In the tab's own storage: it outlives reloads, and ends with the tab. */
const LEDGER = "inlay.kiosk";
/** The board shows time passing, and no more often than that. */
const TICK_MS = 1_000;
/** A node that drains has ten seconds by itself. */
const DRAIN_PATIENCE_MS = 15_000;
/** A person who stands before the screen sees the button; nobody else has to. */
const FILL_OFFERED_MS = 60_000;

const enrolled = await enrol();
const { settings } = await readStart(enrolled.query);
const own = readKioskSettings(enrolled.query);
const shell = shellOf(document);
const life = new AbortController();
const { signal } = life;
const session = createSession([], { livingLabels, watchdogMs: own.watchdogMs });

let ledger = readLedger(kept(() => sessionStorage.getItem(LEDGER)) ?? null);
/** Of the nodes before this one. */
let before: Tally = ledger.tally;
let shown: NodeState = session.view.peek();
let lostWorkerAt: number | undefined;
let memoryHigh = false;
let versionRefused = false;
let activity = QUIET;
let fillOffered = canFill();
let late: string | undefined;

const health = tellHealth(session.node);
show(shown);
session.view.subscribe(show);
setInterval(() => show(shown), TICK_MS);
keepAwake();
keepMoving(document.body);
setTimeout(() => {
  fillOffered = false;
}, FILL_OFFERED_MS);
addEventListener("pagehide", save);
wipeLateEnrolments(complain);

if (!isSecureContext) {
  show(failedState("insecure-context", "Browsers let only https and localhost run a host."));
} else if (settings.node.servers.length === 0) {
  show(failedState("bad-input", "The address names no server: add ?servers=wss://… to it."));
} else {
  const labels = { ...settings.node.labels, "inlay.kiosk": "degraded" };
  const node = { ...settings.node, labels };
  keepStarted(session.node, settings.components);
  keepJoined(
    {
      session,
      request: async () => ({ node, credentials: await enrolled.credentials() }),
      hostId: () => shown.hostId ?? ledger.hostId,
      onRestart(code) {
        if (code === "worker-lost") lostWorkerAt = performance.now();
        before = { ...tally(), restarts: before.restarts + 1 };
      },
    },
    signal,
  );
  const measured = (high: boolean): void => {
    memoryHigh = high;
    if (high && !signal.aborted && mayReload()) void reload("memory");
  };
  watchMemory(own.memoryBytes, measured, signal);
}
if (shell !== undefined && isSecureContext) {
  const updates = {
    shell,
    session,
    everyMs: own.updateEveryMs,
    trialMs: own.trialMs,
    mayReload,
    reload: () => reload("version"),
    onRefused(refused: boolean) {
      versionRefused = refused;
    },
  };
  void keepUpdated(updates, signal).catch(() => undefined); // the page is about to go
}

/** A reload that would lose its credentials, or comes too soon after others, is worse than what it is for. */
function mayReload(): boolean {
  const remembers = kept(() => {
    sessionStorage.setItem(LEDGER, JSON.stringify(ledger));
    return true;
  });
  const now = Date.now();
  return enrolled.lasting && remembers === true && now >= mayReloadFrom(ledger, now);
}

/** Leaves the lattice in good order, and begins anew. */
async function reload(reason: ReloadReason): Promise<never> {
  life.abort();
  session.actions.leave();
  const ended = ({ phase }: NodeState): boolean => phase === "stopped" || phase === "failed";
  await until(session.view, ended, AbortSignal.timeout(DRAIN_PATIENCE_MS)).catch(() => undefined);
  ledger = withReload(ledger, reason, Date.now());
  save();
  location.reload();
  return new Promise(() => undefined); // the page goes
}

function show(state: NodeState): void {
  shown = state;
  const now = tally();
  activity = count(
    activity,
    { answered: now.answered, failed: now.lost, refused: 0 },
    performance.timeOrigin + performance.now(),
  );
  const told = healthOf({
    state,
    wanted: settings.components.map(({ id }) => id),
    lostWorkerMs: lostWorkerAt === undefined ? undefined : performance.now() - lostWorkerAt,
    memoryHigh,
    versionRefused,
    enrolmentAsked: enrolled.question !== undefined,
  });
  writeDocumentState(document.documentElement, {
    ...documentState(state),
    kiosk: told.level,
    kioskReasons: told.reasons.join(" "),
    kioskAnswered: String(now.answered),
    kioskLost: String(now.lost),
    kioskRestarts: String(now.restarts),
    kioskBuild: shell?.build,
  });
  health(told);
  document.dispatchEvent(new CustomEvent("inlay-state", { detail: state }));
  const view: BoardState = {
    node: state,
    health: told,
    tally: now,
    activity,
    build: shell?.build,
    question:
      enrolled.question === undefined
        ? undefined
        : { words: enrolled.question.words, allow: () => void allow(enrolled.question) },
    complaint: late ?? enrolled.complaint ?? settings.complaints[0],
    fill: fillOffered && canFill() ? () => void fill() : undefined,
  };
  render(board(view), document.body);
}

/** A person has pressed the button. */
async function allow(question: Question | undefined): Promise<void> {
  try {
    await question?.allow();
  } catch {
    complain("This browser's storage did not let the kiosk do that.");
  }
}

function complain(sentence: string): void {
  late = sentence;
  show(shown);
}

/** With what this node has done so far. What runs in a worker that is lost is lost with it. */
function tally(): Tally {
  const { answered, failed, refused } = shown.totals;
  const broken = shown.phase === "failed";
  const under = shown.workloads.reduce((sum, each) => sum + each.running + each.waiting, 0);
  return {
    answered: before.answered + answered,
    lost: before.lost + failed + refused + (broken ? under : 0),
    restarts: before.restarts,
  };
}

function save(): void {
  const { hostId = ledger.hostId } = shown;
  ledger = { ...ledger, tally: tally(), ...(hostId === undefined ? {} : { hostId }) };
  kept(() => sessionStorage.setItem(LEDGER, JSON.stringify(ledger)));
}

/** `undefined` where the browser denies storage. */
function kept<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
