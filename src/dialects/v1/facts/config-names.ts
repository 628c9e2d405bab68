/** The names of what `CONFIGDATA` keeps, as they come and go. Values are not looked at. */
import type { KvBucket } from "../../../core/kv.ts";

/** What a tab keeps of a lattice at most; whoever may write to the bucket could fill it otherwise. */
const MOST_NAMES = 20_000;

/**
 * Tells all names, sorted, and tells them again after each change until `signal` aborts; resolves when the first ones were told.
 * Of changes in one turn the last one is told. Throws as {@link KvBucket.watch}.
 */
export async function followConfigNames(
  bucket: KvBucket,
  tell: (names: readonly string[]) => void,
  signal: AbortSignal,
): Promise<void> {
  const names = new Set<string>();
  let planned = false;
  let read = false;
  const show = (): void => {
    planned = false;
    if (!signal.aborted) tell([...names].toSorted());
  };
  await bucket.watch(({ operation, key }) => {
    if (operation !== "put") names.delete(key);
    else if (names.size < MOST_NAMES) names.add(key);
    if (planned || !read) return;
    planned = true;
    queueMicrotask(show);
  }, signal);
  read = true;
  show();
}
