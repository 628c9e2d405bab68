/** The calls that a view has heard of: bounded, and in the order in which they are shown, nested calls below their parents. */
import type { WatchedCall, WatchedCalls } from "../../core/watched-calls.ts";
import type { CallFilter } from "./call-filter.ts";

export interface CallList {
  /** As they came. */
  readonly calls: readonly WatchedCall[];
  /** Calls that were too many to be told of. */
  readonly dropped: number;
  /** Calls that were here, and gave way to later ones. */
  readonly forgotten: number;
}

export interface CallRow {
  readonly call: WatchedCall;
  /** Calls above it within which it was. */
  readonly depth: number;
  /** The uppermost of them, or itself: where its time begins. */
  readonly root: WatchedCall;
}

/** More than anybody reads; beyond them the oldest go. */
export const MOST_LISTED = 10_000;

export const NO_CALLS: CallList = { calls: [], dropped: 0, forgotten: 0 };

export function received(list: CallList, { calls, dropped }: WatchedCalls): CallList {
  if (calls.length === 0 && dropped === 0) return list;
  const over = Math.max(0, list.calls.length + calls.length - MOST_LISTED);
  return {
    calls: [...list.calls.slice(over), ...calls].slice(-MOST_LISTED),
    dropped: list.dropped + dropped,
    forgotten: list.forgotten + over,
  };
}

/**
 * What is shown of `calls`: those that `fits` takes, in the order in which they began, each below the call within which it was.
 * One whose parent is not shown stands for itself.
 */
export function rowsOf(
  calls: readonly WatchedCall[],
  fits: CallFilter,
  newestFirst: boolean,
): readonly CallRow[] {
  const ordered = calls.toSorted((one, other) => one.seq - other.seq);
  const known = new Set(ordered.map(({ seq }) => seq));
  const within = new Map<number, WatchedCall[]>();
  const roots: WatchedCall[] = [];
  for (const call of ordered) {
    const { parent } = call;
    if (parent === undefined || !known.has(parent)) {
      roots.push(call);
      continue;
    }
    const others = within.get(parent);
    if (others === undefined) within.set(parent, [call]);
    else others.push(call);
  }
  if (newestFirst) roots.reverse();
  const rows: CallRow[] = [];
  const add = (call: WatchedCall, depth: number, above: WatchedCall | undefined): void => {
    const shown = fits(call);
    const root = shown ? (above ?? call) : above;
    if (shown) rows.push({ call, depth, root: above ?? call });
    for (const inner of within.get(call.seq) ?? []) add(inner, shown ? depth + 1 : depth, root);
  };
  for (const root of roots) add(root, 0, undefined);
  return rows;
}

/** What a person reads of how many there are. */
export function listWords(
  { calls, dropped, forgotten }: CallList,
  shown: number,
  figure: (value: number) => string,
): string {
  if (calls.length + dropped + forgotten === 0) return "";
  const failed = calls.filter(({ outcome }) => outcome !== "ok").length;
  const parts = [
    `${figure(calls.length)} ${calls.length === 1 ? "call" : "calls"}`,
    ...(failed === 0 ? [] : [`${figure(failed)} failed`]),
    ...(shown === calls.length ? [] : [`${figure(shown)} shown`]),
    ...(forgotten === 0 ? [] : [`${figure(forgotten)} older ones gave way`]),
    ...(dropped === 0 ? [] : [`${figure(dropped)} too many to show`]),
  ];
  return parts.join(", ");
}

/** What is exported: what is shown, without what the view adds. */
export function exported(
  rows: readonly CallRow[],
  about: { readonly node: string; readonly lattice: string; readonly at: Date },
): string {
  const { node, lattice, at } = about;
  const calls = rows.map(({ call }) => call);
  return JSON.stringify({ exportedAt: at.toISOString(), node, lattice, calls }, undefined, 2);
}
