import { expect, test } from "vitest";

import { createCarried } from "../../../src/page/state/carried.ts";
import { working } from "../../support/sample-states.ts";

const [hello] = working.workloads;
if (hello === undefined) throw new Error("the sample has no component");

test("what a page starts comes along, with all that it was started with", () => {
  const carried = createCarried([{ id: "hello", image: "a.wasm" }]);

  carried.started({ id: "orders", image: new Uint8Array(3), maxInstances: 4 });
  carried.started({ id: "hello", image: "b.wasm", config: { a: "1" } });

  expect(carried.peek()).toEqual([
    { id: "hello", image: "b.wasm", config: { a: "1" } },
    { id: "orders", image: new Uint8Array(3), maxInstances: 4 },
  ]);
});

test("what was stopped stays behind, whoever stopped it", () => {
  const carried = createCarried([
    { id: "hello", image: "a.wasm" },
    { id: "orders", image: "b.wasm" },
  ]);

  carried.stopped("orders");
  carried.saw({
    phase: "joined",
    workloads: [{ ...hello, id: "hello", state: { phase: "stopping" } }],
  });

  expect(carried.peek()).toEqual([]);
});

test("a page that leaves has not stopped what it leaves with", () => {
  const carried = createCarried([{ id: "hello", image: "a.wasm" }]);

  carried.saw({
    phase: "leaving",
    workloads: [{ ...hello, id: "hello", state: { phase: "stopping" } }],
  });

  expect(carried.peek()).toHaveLength(1);
});
