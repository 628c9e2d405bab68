/** Looks around a server that could not be reached: what the browser says, and whether anything answers there. */
import type { Evidence, Knocked } from "./state/findings.ts";

const KNOCK_LIMIT_MS = 4_000;

/** Takes some seconds at most, and does not fail. */
export async function probe(server: string): Promise<Evidence> {
  const url = new URL(server);
  const mayAskPlain = location.protocol !== "https:";
  const [knock, otherScheme, localNetwork] = await Promise.all([
    knockAt(url, url.protocol === "wss:"),
    mayAskPlain || url.protocol === "ws:" ? knockAt(url, url.protocol !== "wss:") : undefined,
    localNetworkPermission(),
  ]);
  const { origin } = location;
  return { server, origin, online: navigator.onLine, localNetwork, knock, otherScheme };
}

/** Any answer at all says that something listens; what it says stays hidden from a page of another origin. */
async function knockAt({ host, pathname }: URL, tls: boolean): Promise<Knocked> {
  const startedMs = performance.now();
  const took = (): number => performance.now() - startedMs;
  try {
    // oxlint-disable-next-line no-restricted-globals -- nothing is fetched: only whether the server answers is of use
    await fetch(`${tls ? "https" : "http"}://${host}${pathname}`, {
      mode: "no-cors",
      cache: "no-store",
      credentials: "omit",
      signal: AbortSignal.timeout(KNOCK_LIMIT_MS),
    });
    return { answer: "answered", tookMs: took() };
  } catch {
    return { answer: "silent", tookMs: took() };
  }
}

/** Chromium asks for it since 142; `undefined` in browsers that have no such permission. */
async function localNetworkPermission(): Promise<Evidence["localNetwork"]> {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a name that the DOM types do not have yet
    const name = "local-network-access" as PermissionName;
    return (await navigator.permissions.query({ name })).state;
  } catch {
    return undefined;
  }
}
