import { expect, test } from "vitest";

import { fixtureBytes, openRuntime } from "./support.ts";

/** `bytes` with each `from` replaced; both are ASCII and of one length. */
function replaced(
  bytes: Uint8Array<ArrayBuffer>,
  from: string,
  to: string,
): Uint8Array<ArrayBuffer> {
  const latin = new TextDecoder("latin1");
  const text = latin.decode(bytes);
  const result = bytes.slice();
  for (let at = text.indexOf(from); at !== -1; at = text.indexOf(from, at + 1)) {
    result.set(new TextEncoder().encode(to), at);
  }
  return result;
}

test("a component whose core names would become code is refused before it becomes any", async () => {
  await using open = openRuntime();
  const hello = await fixtureBytes("hello");
  const hostile = replaced(hello, "greeter#", "greeter'");
  expect(hostile).not.toEqual(hello);

  const loaded = open.runtime.load(
    { reference: "hostile.wasm", bytes: hostile },
    { signal: new AbortController().signal },
  );

  await expect(loaded).rejects.toMatchObject({
    code: "bad-image",
    message: expect.stringContaining("would break out of generated code"),
  });
});
