/** The kiosk: one node, no forms, a calm screen that stays lit. It joins at once and again when it failed. */
import type { NodeState } from "../index.ts";

import { html, render } from "lit";
import { mark } from "./panels/mark.ts";
import { createSession } from "./session.ts";
import { readStart } from "./site.ts";
import { adviceFor } from "./state/advice.ts";
import { leavingWords } from "./state/calls.ts";
import { outageOf } from "./state/connections.ts";
import { documentState, writeDocumentState } from "./state/document-state.ts";
import { count } from "./state/figures.ts";
import { failedState } from "./state/idle-state.ts";

/** Nobody stands by to press a button, so a kiosk tries again by itself. */
const RETRY_MS = 15_000;

const root = document.body;
const { settings, credentials } = await readStart();
const session = createSession(settings.components);
const request = { node: settings.node, credentials };

session.view.subscribe((state) => {
  show(state);
  if (state.phase === "failed") setTimeout(retry, RETRY_MS);
});
keepAwake();
if (!isSecureContext) {
  show(failedState("insecure-context", "Browsers let only https and localhost run a host."));
} else if (settings.node.servers.length === 0) {
  show(failedState("bad-input", "The address names no server: add ?servers=wss://… to it."));
} else {
  session.actions.join(request);
}

function retry(): void {
  if (session.view.peek().phase === "failed") session.actions.join(request);
}

function show(state: NodeState): void {
  writeDocumentState(document.documentElement, documentState(state));
  render(picture(state), root);
}

function picture(state: NodeState): ReturnType<typeof html> {
  const running = state.workloads.filter((workload) => workload.state.phase === "running");
  return html`<main class="kiosk phase-${state.phase}">
    ${mark("lamp")}
    <h1>${state.friendlyName ?? "Inlay"}</h1>
    <p class="kiosk-state" role="status">${words(state)}</p>
    <p class="kiosk-count">
      <b>${count(state.totals.answered)}</b>
      <span>${state.totals.answered === 1 ? "call answered" : "calls answered"}</span>
    </p>
    <p class="kiosk-running">${running.map(({ id }) => html`<span>${id}</span>`)}</p>
  </main>`;
}

function words(state: NodeState): string {
  const { phase, lattice, error } = state;
  switch (phase) {
    case "idle":
    case "connecting":
      return `Joining lattice ${lattice}`;
    case "joined":
      return `Serving lattice ${lattice}`;
    case "reconnecting":
      return `${outageOf(state)?.lost ?? "Connection lost"}; reconnecting`;
    case "leaving":
      return `Leaving lattice ${lattice}: ${leavingWords(state).toLowerCase()}`;
    case "stopped":
      return `Left lattice ${lattice}`;
    case "failed":
      return error === undefined ? "Failed" : `${adviceFor(error.code).title}. ${error.message}`;
  }
}

/** The lock ends whenever the page is hidden, so it is asked for again each time the page shows. */
function keepAwake(): void {
  if (!("wakeLock" in navigator)) return;
  const ask = async (): Promise<void> => {
    if (document.visibilityState !== "visible") return;
    try {
      await navigator.wakeLock.request("screen");
    } catch {
      // Refused, as on low battery: the kiosk serves all the same.
    }
  };
  document.addEventListener("visibilitychange", () => void ask());
  void ask();
}
