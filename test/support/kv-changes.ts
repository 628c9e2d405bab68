/** Hears what a watch tells, and lets a test wait for it. */
import type { KvChange } from "../../src/core/kv.ts";

export interface KvChanges {
  (change: KvChange): void;
  /** `put key=value@revision`, `delete key@revision`, `purge key@revision`, in order. */
  readonly told: readonly string[];
  readonly revisions: readonly number[];
  /** Resolves when something was told that begins so. */
  until(start: string): Promise<void>;
}

export function follow(): KvChanges {
  const heard: KvChange[] = [];
  const waiting = new Set<() => void>();
  const told = (): string[] => heard.map(written);
  const hear = (change: KvChange): void => {
    heard.push(change);
    for (const look of waiting) look();
  };
  const until = (start: string): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!told().some((line) => line.startsWith(start))) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  return Object.defineProperties(Object.assign(hear, { until, told: [], revisions: [] }), {
    told: { get: told },
    revisions: { get: () => heard.flatMap(({ revision }) => revision ?? []) },
  });
}

function written(change: KvChange): string {
  const { operation, key, revision } = change;
  const value = operation === "put" ? `=${new TextDecoder().decode(change.value)}` : "";
  return `${operation} ${key}${value}${revision === undefined ? "" : `@${revision}`}`;
}
