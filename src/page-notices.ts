/** What happens to a page, as its host worker hears of it: hidden and shown, frozen and resumed, left, back online. */
import type { PageNotice } from "./channels/node.ts";

import { LEAVING_GRACE_MS } from "./channels/node.ts";

/**
 * A page's workers freeze with it, as soon as its `freeze` handlers return; one that holds on gives the host worker the
 * time to leave the queue groups. Nobody waits for a page that is being frozen.
 */
const FREEZE_GRACE_MS = 250;

/** Tells until `signal` aborts. A page that freezes or goes away is held up for as long as the host worker needs to leave. */
export function tellOfPage(tell: (notice: PageNotice) => void, signal: AbortSignal): void {
  const on = (target: EventTarget, type: string, notice: (event: Event) => PageNotice): void =>
    target.addEventListener(type, (event) => tell(notice(event)), { signal });
  const persisted = (event: Event): boolean =>
    event instanceof PageTransitionEvent && event.persisted;
  on(document, "visibilitychange", () =>
    document.visibilityState === "hidden" ? "hidden" : "visible",
  );
  on(document, "freeze", () => "freeze");
  document.addEventListener("freeze", () => holdOn(FREEZE_GRACE_MS), { signal });
  on(document, "resume", () => "resume");
  on(window, "pagehide", (event) => (persisted(event) ? "freeze" : "leaving"));
  window.addEventListener("pagehide", (event) => event.persisted || holdOn(LEAVING_GRACE_MS), {
    signal,
  });
  on(window, "pageshow", (event) => (persisted(event) ? "resume" : "wake"));
  on(window, "online", () => "wake");
}

function holdOn(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}
