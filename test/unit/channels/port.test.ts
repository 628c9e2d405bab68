import { expect, test } from "vitest";

import { bigBuffers, compact, TRANSFER_MIN_BYTES } from "../../../src/channels/port.ts";

test("views of larger buffers are cut down, wherever they are", () => {
  const large = new Uint8Array(1000).fill(7);
  const value = [{ name: "x", body: { tag: "some", val: large.subarray(10, 12) } }, large];

  const small = compact(value);

  expect(small).toEqual([{ name: "x", body: { tag: "some", val: new Uint8Array([7, 7]) } }, large]);
  const [first] = small as [{ body: { val: Uint8Array } }];
  expect(first.body.val.buffer.byteLength).toBe(2);
});

test("a value without such views is the very same", () => {
  const value = [{ a: [1n, "two", undefined, new Uint8Array(3)] }];

  expect(compact(value)).toBe(value);
});

test("only big buffers are found, and each once", () => {
  const big = new Uint8Array(TRANSFER_MIN_BYTES);
  const small = new Uint8Array(TRANSFER_MIN_BYTES - 1);

  const found = bigBuffers([{ big, small }, [big], "text", null]);

  expect(found).toEqual([big.buffer]);
});
