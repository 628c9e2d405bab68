/**
 * Finding out whether a server is back without dialling it.
 *
 * Browsers delay the WebSocket dials of a page after failed ones: Chromium by 1-5 s from about the 13th on, Firefox by
 * half as much again each time. Plain fetches are not delayed (both measured on loopback, a dead port, for 60 s), and any
 * answer at all, also a refused upgrade, means that something listens.
 */
export type Knock = (url: string, signal: AbortSignal) => Promise<KnockAnswer>;
export type KnockAnswer =
  | "answered"
  | "silent"
  /** The page's policy forbids the fetch: knocking says nothing here. */
  | "blocked";

/** Knocks by `fetch`, if this realm has one. */
export function fetchKnock(): Knock | undefined {
  // oxlint-disable-next-line no-restricted-globals -- nothing is fetched: only whether the server answers is of use
  const ask = globalThis.fetch;
  if (ask === undefined) return undefined;
  const blocked = blockedOrigins();
  return async (url, signal) => {
    const address = url.replace(/^ws/, "http");
    if (blocked.has(new URL(address).origin)) return "blocked";
    try {
      const { type, status } = await ask(address, {
        mode: "no-cors",
        cache: "no-store",
        credentials: "omit",
        signal,
      });
      // Of the page's own gateway the status can be seen: one without its server behind it is no use.
      return type === "basic" && status >= 500 ? "silent" : "answered";
    } catch {
      return "silent"; // refused, timed out, or blocked: the next knock knows
    }
  };
}

/** The origins that a Content-Security-Policy of this realm was seen to forbid. */
function blockedOrigins(): ReadonlySet<string> {
  const origins = new Set<string>();
  if (typeof globalThis.addEventListener !== "function") return origins;
  globalThis.addEventListener("securitypolicyviolation", (event) => {
    if (!("blockedURI" in event) || typeof event.blockedURI !== "string") return;
    const { blockedURI } = event;
    if (blockedURI.startsWith("http")) origins.add(new URL(blockedURI).origin);
  });
  return origins;
}
