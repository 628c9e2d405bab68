/** The shell behind the page: kept for opening without a network, and a word when the site has a newer build. */
import { registerShell, shellOf } from "./shell.ts";

export const NEWER = "There is a new version of this page: reload it when it suits you.";

/** A page that is looked at again asks at most this often. */
const LOOK_EVERY_MS = 15 * 60_000;

/** Tells once. A page that was not built has no newer one. */
export function watchShell(tell: (notice: string) => void): void {
  const shell = shellOf(document);
  if (shell === undefined || !isSecureContext) return;
  let askedMs = performance.now();
  const over = new AbortController();
  const look = async (): Promise<void> => {
    if (document.visibilityState !== "visible") return;
    if (performance.now() - askedMs < LOOK_EVERY_MS) return;
    askedMs = performance.now();
    const latest = await shell.latest();
    if (latest === undefined || latest.build === shell.build || over.signal.aborted) return;
    over.abort();
    tell(NEWER);
  };
  const { signal } = over;
  document.addEventListener("visibilitychange", () => void look(), { signal });
  const timer = setInterval(() => void look(), LOOK_EVERY_MS);
  signal.addEventListener("abort", () => clearInterval(timer));

  const keep = async (): Promise<void> => {
    if (!(await registerShell())) return;
    const reply = await shell.ask({ type: "state" });
    if (reply?.ok !== true || reply.state.current === shell.build) return;
    const staged = await shell.ask({ type: "stage", build: shell.build });
    if (staged?.ok === true) await shell.ask({ type: "adopt", build: shell.build });
  };
  void keep();
}
