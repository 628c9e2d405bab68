/** Which build of the shell opens: pure steps from one state to the next. */
import type { ShellState } from "../core/shell.ts";

export const NO_SHELL: ShellState = { refused: [] };

const MOST_REFUSED = 10;
/** A page that opens again and again within its trial reloads itself and will not serve. */
const MOST_OPENED = 4;

/** The first complete build opens at once: there is nothing to go back to. */
export function staged(state: ShellState, build: string): ShellState {
  return state.current === undefined ? { ...state, current: build } : state;
}

/** `build`, whose files are there, opens from now on. */
export function tried(state: ShellState, build: string, until: number): ShellState {
  if (state.current === build) return state;
  return {
    current: build,
    ...(state.current === undefined ? {} : { previous: state.current }),
    trial: { until, opened: 0 },
    kiosk: true,
    refused: state.refused.filter((each) => each.build !== build),
  };
}

/** A kiosk says that it serves, with `build`. */
export function kept(state: ShellState, build: string): ShellState {
  const { trial, ...rest } = state;
  if (state.current !== build) return state.kiosk === true ? state : { ...state, kiosk: true };
  return trial === undefined && state.kiosk === true ? state : { ...rest, kiosk: true };
}

/** The newest build opens offline, unless there is a kiosk, which stages. */
export function adopted(state: ShellState, build: string): ShellState {
  if (state.kiosk === true || state.trial !== undefined || state.current === build) return state;
  return { current: build, refused: state.refused };
}

/** The current build is about to open. Goes back if its trial is over, or goes round in circles. */
export function opened(state: ShellState, now: number): ShellState {
  const { trial } = state;
  if (trial === undefined) return state;
  if (now >= trial.until || trial.opened >= MOST_OPENED) return wentBack(state, now);
  return { ...state, trial: { ...trial, opened: trial.opened + 1 } };
}

/** The trial of `build` has run out; nothing, if it was kept or is over. */
export function expired(state: ShellState, build: string | undefined, now: number): ShellState {
  const over = state.trial !== undefined && state.current === build && now >= state.trial.until;
  return over ? wentBack(state, now) : state;
}

/** The builds whose files are kept. */
export function keptBuilds({ current, previous }: ShellState): readonly string[] {
  return [current, previous].filter((build) => build !== undefined);
}

function wentBack({ current, previous, refused }: ShellState, at: number): ShellState {
  const news = current === undefined ? refused : [...refused, { build: current, at }];
  return {
    ...(previous === undefined ? {} : { current: previous }),
    kiosk: true,
    refused: news.slice(-MOST_REFUSED),
  };
}

/** The state that a cache gave; empty if that is something else. */
export function readShellState(value: unknown): ShellState {
  if (!isRecord(value)) return NO_SHELL;
  const { current, previous, trial } = value;
  const refused: unknown[] = Array.isArray(value["refused"]) ? value["refused"] : [];
  return {
    ...(typeof current === "string" ? { current } : {}),
    ...(typeof previous === "string" ? { previous } : {}),
    ...(value["kiosk"] === true ? { kiosk: true as const } : {}),
    ...(isTrial(trial) ? { trial: { until: trial.until, opened: trial.opened } } : {}),
    refused: refused.filter(isRefused).slice(-MOST_REFUSED),
  };
}

function isTrial(value: unknown): value is NonNullable<ShellState["trial"]> {
  return (
    isRecord(value) && typeof value["until"] === "number" && typeof value["opened"] === "number"
  );
}

function isRefused(value: unknown): value is ShellState["refused"][number] {
  return isRecord(value) && typeof value["build"] === "string" && typeof value["at"] === "number";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
