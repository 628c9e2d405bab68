/** What all tests of a file share. */
import { afterAll, beforeAll } from "vitest";

/**
 * Opened before the tests of this file, and ended after them if it has an end, what was opened last first. The result stands for what `open`
 * gives, and can be used in tests, hooks and other `open` functions.
 *
 * @example
 * const server = shared(() => launchNats());
 * const peer = shared(() => connectPeer(server.ws));
 */
export function shared<T extends object & Partial<AsyncDisposable>>(open: () => Promise<T>): T {
  let opened: T | undefined;
  beforeAll(async () => {
    opened = await open();
  });
  afterAll(async () => {
    await opened?.[Symbol.asyncDispose]?.();
  });
  const target: object = {};
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every property is that of what was opened
  return new Proxy(target, {
    get(_, key): unknown {
      if (opened === undefined)
        throw new Error(`${String(key)} is not there before the tests begin`);
      const value: unknown = Reflect.get(opened, key, opened);
      // Methods of classes must not meet the stand-in.
      return typeof value === "function" ? value.bind(opened) : value;
    },
  }) as T;
}
