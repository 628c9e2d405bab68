/** What messages count for, where they are kept and where they wait for another tab. */
import { expect, test } from "vitest";
import type { BusMessage } from "../../../src/core/bus.ts";
import { messageSize } from "../../../src/bus/message-size.ts";

const empty: BusMessage = { subject: "", data: new Uint8Array() };

test("subject, reply, headers and bytes count, and each message as such", () => {
  const headers = new Map([
    ["a", "bc"],
    ["de", ""],
  ]);
  const message = { subject: "s.t", reply: "_I", headers, data: new Uint8Array(100) };

  expect(messageSize(empty)).toBe(64);
  expect(messageSize(message)).toBe(64 + 3 + 2 + 5 + 100);
});
