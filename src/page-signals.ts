/**
 * What a browser tells of a page's life, as words: seen or not, network, battery, use. Each source that a browser lacks is
 * left out; none asks a person for permission.
 */

/** Told at once with what there is, and with each change; the same value may come twice. */
export type Put = (key: string, value: string) => void;

/** As long without input a page counts as idle. The least that IdleDetector takes is a minute. */
const IDLE_MS = 120_000;
/** A battery that was low is well again only above the second bound: one that hovers at the first must not flicker. */
const LOW_LEVEL = 0.2;
const WELL_LEVEL = 0.25;

const INPUTS = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"];

/** Watches until `signal` aborts. */
export function watchSignals(put: Put, signal: AbortSignal): void {
  watchVisibility(put, signal);
  watchNetwork(put, signal);
  void watchBattery(put, signal).catch(() => undefined); // no battery to tell of
  void watchUse(put, signal);
}

function watchVisibility(put: Put, signal: AbortSignal): void {
  const look = (): void => put("inlay.visibility", document.visibilityState);
  document.addEventListener("visibilitychange", look, { signal });
  look();
}

/** Of the Network Information API, which only some browsers have: https://wicg.github.io/netinfo/ */
interface Connection extends EventTarget {
  readonly effectiveType?: unknown;
}

/** `offline`; what the browser takes the connection for (`slow-2g`, `2g`, `3g`, `4g`); or `online` where it does not say. */
function watchNetwork(put: Put, signal: AbortSignal): void {
  const found: unknown = Reflect.get(navigator, "connection");
  const connection: Connection | undefined = found instanceof EventTarget ? found : undefined;
  const look = (): void => {
    const speed = connection?.effectiveType;
    const online = typeof speed === "string" ? speed : "online";
    put("inlay.network", navigator.onLine ? online : "offline");
  };
  for (const type of ["online", "offline"]) addEventListener(type, look, { signal });
  connection?.addEventListener("change", look, { signal });
  look();
}

export interface Battery {
  readonly charging: boolean;
  /** 0 to 1. */
  readonly level: number;
}

/** A device without a battery counts as charging. */
export function batteryWord({ charging, level }: Battery, before: string | undefined): string {
  if (charging) return "charging";
  return level <= (before === "low" ? WELL_LEVEL : LOW_LEVEL) ? "low" : "ok";
}

/** https://w3c.github.io/battery/ */
async function watchBattery(put: Put, signal: AbortSignal): Promise<void> {
  const ask: unknown = Reflect.get(navigator, "getBattery");
  if (typeof ask !== "function") return;
  const battery: unknown = await Reflect.apply(ask, navigator, []);
  if (!isBattery(battery) || signal.aborted) return;
  let word: string | undefined;
  const look = (): void => {
    word = batteryWord(battery, word);
    put("inlay.battery", word);
  };
  for (const type of ["chargingchange", "levelchange"]) {
    battery.addEventListener(type, look, { signal });
  }
  look();
}

function isBattery(value: unknown): value is Battery & EventTarget {
  return (
    value instanceof EventTarget &&
    typeof Reflect.get(value, "charging") === "boolean" &&
    typeof Reflect.get(value, "level") === "number"
  );
}

/** Of the Idle Detection API: https://wicg.github.io/idle-detection/ */
interface IdleDetector extends EventTarget {
  readonly userState: "active" | "idle" | null;
  readonly screenState: "locked" | "unlocked" | null;
  start(options: { readonly threshold: number; readonly signal: AbortSignal }): Promise<void>;
}

/** By the browser's own detector where a person has allowed it, else by the last input that this page got. */
async function watchUse(put: Put, signal: AbortSignal): Promise<void> {
  const detector = await allowedDetector().catch(() => undefined);
  if (signal.aborted) return;
  if (detector === undefined) {
    watchInput(put, signal);
    return;
  }
  const look = (): void => {
    const locked = detector.screenState === "locked";
    put("inlay.idle", locked ? "locked" : (detector.userState ?? "active"));
  };
  detector.addEventListener("change", look, { signal });
  await detector.start({ threshold: IDLE_MS, signal }).then(look, () => watchInput(put, signal));
}

async function allowedDetector(): Promise<IdleDetector | undefined> {
  const Detector: unknown = Reflect.get(globalThis, "IdleDetector");
  if (typeof Detector !== "function") return undefined;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the type library does not know this name yet
  const name = "idle-detection" as PermissionName;
  const { state } = await navigator.permissions.query({ name });
  if (state !== "granted") return undefined;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- by the specification above
  return Reflect.construct(Detector, []) as IdleDetector;
}

function watchInput(put: Put, signal: AbortSignal): void {
  let lastMs = performance.now();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = (): void => {
    const restMs = lastMs + IDLE_MS - performance.now();
    put("inlay.idle", restMs > 0 ? "active" : "idle");
    // One timer however many inputs there are.
    timer = restMs > 0 ? setTimeout(look, restMs) : undefined;
  };
  const used = (): void => {
    lastMs = performance.now();
    if (timer === undefined) look();
  };
  for (const type of INPUTS) addEventListener(type, used, { signal, passive: true, capture: true });
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  look();
}
