/** Waits until a page has loaded and has a moment: for what must not slow down its start. */

const LATEST_MS = 5_000;

export async function whenQuiet(): Promise<void> {
  if (document.readyState !== "complete") {
    await new Promise((resolve) => addEventListener("load", resolve, { once: true }));
  }
  await new Promise<void>((resolve) => {
    // Not every browser has it.
    if (!("requestIdleCallback" in globalThis)) setTimeout(resolve, LATEST_MS / 2);
    else requestIdleCallback(() => resolve(), { timeout: LATEST_MS });
  });
}
