/** The screen of a kiosk: it stays lit, fills the display where that is allowed, and burns nothing in. */

/** The lock ends whenever the page is hidden, so it is asked for again each time the page shows. */
export function keepAwake(): void {
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

const DRIFT_EVERY_MS = 60_000;
/** In pixels; a path that comes to every place of a small square. */
const DRIFT = 6;

/** Moves the board by a pixel or two each minute: what stands for months must not stay in one place. */
export function keepMoving(board: HTMLElement): void {
  let minute = Math.floor(Math.random() * 1000);
  const move = (): void => {
    minute++;
    // Two periods without a common factor.
    board.style.setProperty("--drift-x", `${zigzag(minute, 7)}px`);
    board.style.setProperty("--drift-y", `${zigzag(minute, 11)}px`);
  };
  move();
  setInterval(move, DRIFT_EVERY_MS);
}

/** From -DRIFT to DRIFT and back. */
function zigzag(step: number, period: number): number {
  const place = (step % (2 * period)) / period;
  return Math.round((place < 1 ? 2 * place - 1 : 3 - 2 * place) * DRIFT);
}

/** True if a person could fill the display with this page, which browsers let only a person do. */
export function canFill(): boolean {
  const filled = ["fullscreen", "standalone"].some(
    (mode) => matchMedia(`(display-mode: ${mode})`).matches,
  );
  return document.fullscreenEnabled && document.fullscreenElement === null && !filled;
}

export async function fill(): Promise<void> {
  try {
    await document.documentElement.requestFullscreen({ navigationUI: "hide" });
  } catch {
    // Refused by a policy: the page is as large as its window.
  }
}
