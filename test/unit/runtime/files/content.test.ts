/** What the bytes of a file take of memory, after anything that was done to it. */
import fc from "fast-check";
import { expect, test } from "vitest";

import { createContent } from "../../../../src/runtime/files/content.ts";

/** Of whole blocks, and around their ends. */
const size = fc.oneof(
  fc.nat(600),
  fc.nat(300_000),
  fc.integer({ min: 65_530, max: 65_540 }),
  fc.constantFrom(0, 65_536, 131_072),
);
const step = fc.oneof(
  fc.record({ op: fc.constant("write" as const), at: size, length: size }),
  fc.record({ op: fc.constant("resize" as const), to: size }),
);

test("memory is in proportion to the length, and what is cut off is zero when it comes back", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const content = createContent();
      let model = new Uint8Array(0);
      const resize = (to: number): void => {
        const next = new Uint8Array(to);
        next.set(model.subarray(0, to));
        model = next;
      };

      for (const [index, each] of steps.entries()) {
        if (each.op === "resize") {
          content.resize(each.to);
          resize(each.to);
        } else {
          const bytes = new Uint8Array(each.length).fill(index + 1);
          content.write(each.at, bytes);
          if (bytes.length > 0) resize(Math.max(model.length, each.at + bytes.length));
          model.set(bytes, bytes.length > 0 ? each.at : 0);
        }
        expect(content.reserved).toBeLessThanOrEqual(2 * content.size + 256);
      }

      expect(content.size).toBe(model.length);
      expect(Buffer.compare(content.read(0, content.size), model)).toBe(0);
    }),
    { numRuns: 300 },
  );
});

test("a file that was long and is a byte now takes a byte's block", () => {
  const content = createContent();
  content.write(0, new Uint8Array(65_536).fill(7));
  const before = content.reserved;

  content.resize(1);
  const after = content.reserved;
  content.resize(0);

  expect([before, after, content.reserved]).toEqual([65_536, 256, 0]);
});
