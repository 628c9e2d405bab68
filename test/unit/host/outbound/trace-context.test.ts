import { expect, test } from "vitest";
import { childTrace } from "../../../../src/host/outbound/trace-context.ts";

const id = "0af7651916cd43dd8448eb211c80319c";
const parent = `00-${id}-b7ad6b7169203331-00`;

test("a child keeps trace, flags and state, and has a span of its own", () => {
  const child = childTrace(
    new Map([
      ["traceparent", parent],
      ["tracestate", "a=1,b=2"],
    ]),
  );

  expect(child.get("traceparent")).toMatch(
    new RegExp(`^00-${id}-(?!b7ad6b7169203331)[0-9a-f]{16}-00$`),
  );
  expect(child.get("tracestate")).toBe("a=1,b=2");
});

test.each([
  ["nothing", undefined],
  ["no traceparent", "hello"],
  ["capitals", parent.toUpperCase()],
  ["an empty trace", `00-${"0".repeat(32)}-b7ad6b7169203331-01`],
  ["an empty span", `00-${id}-${"0".repeat(16)}-01`],
  ["more than there is", `${parent}-extra`],
  ["a header of two lines", `${parent}\r\nx: y`],
])("%s is not passed on, nor is its state", (_, traceparent) => {
  const trace = new Map([["tracestate", "a=1"]]);
  if (traceparent !== undefined) trace.set("traceparent", traceparent);

  expect([...childTrace(trace)]).toEqual([]);
});

test("a state that is too long is dropped", () => {
  const child = childTrace(
    new Map([
      ["traceparent", parent],
      ["tracestate", "a".repeat(513)],
    ]),
  );

  expect([...child.keys()]).toEqual(["traceparent"]);
});
