/** Whose the resources are that a call brings, and when they are disposed of. */
import { expect, test } from "vitest";
import type { Handle } from "../../../src/wire/type-parts.ts";
import type { WitValue } from "../../../src/core/wit.ts";
import { createInstances, DISPOSE } from "../../../src/typed/instances.ts";
import { fromNode } from "../../../src/typed/values.ts";

const OWN: Handle = { kind: "own", resource: "tally" };
const BORROW: Handle = { kind: "borrow", resource: "tally" };

class Tally {
  disposed = 0;

  [DISPOSE](): void {
    this.disposed++;
  }
}

function setUp() {
  const instances = createInstances({
    name: "shop",
    now: () => 0,
    after: () => () => undefined,
    failed: (cause) => expect.unreachable(String(cause)),
  });
  const made = (tally: Tally): Uint8Array => {
    const call = instances.forCall("ada");
    const handle = call.give(Tally, OWN, tally);
    call.end();
    return handle;
  };
  /** One call, with arguments of `types`, that does nothing with them. */
  const called = (types: readonly Handle[], values: readonly WitValue[]): void => {
    const call = instances.forCall("ada");
    try {
      for (const [index, type] of types.entries()) {
        fromNode(type, values[index], `f: ${index}`, (handle, value) =>
          call.take(Tally, handle, value),
        );
      }
      call.begin();
    } finally {
      call.end();
    }
  };
  return { instances, made, called };
}

const NONE = new Uint8Array(37);

test("what a function owns is never disposed of for it", () => {
  const { instances, made, called } = setUp();
  const tally = new Tally();

  called([OWN], [made(tally)]);
  instances.end();

  expect(tally.disposed).toBe(0);
});

test("what was taken for a function that never began is disposed of, once", () => {
  const { instances, made, called } = setUp();
  const tally = new Tally();
  const handle = made(tally);

  expect(() => called([OWN, OWN], [handle, NONE])).toThrow(/has no such tally/);
  expect(tally.disposed).toBe(1);
  expect(() => called([OWN], [handle])).toThrow(/has no such tally/);
  instances.end();
  expect(tally.disposed).toBe(1);
});

test("what was borrowed and taken, or came twice, is disposed of once too", () => {
  const { made, called } = setUp();
  const [both, twice] = [new Tally(), new Tally()];
  const [a, b] = [made(both), made(twice)];

  expect(() => called([BORROW, OWN, OWN], [a, a, NONE])).toThrow(/has no such tally/);
  expect(() => called([OWN, OWN], [b, b])).toThrow(/has no such tally/);

  expect([both.disposed, twice.disposed]).toEqual([1, 1]);
});

test("an instance that others still have a handle of stays", () => {
  const { instances, made, called } = setUp();
  const tally = new Tally();
  const [mine, theirs] = [made(tally), made(tally)];

  expect(() => called([OWN, OWN], [mine, NONE])).toThrow(/has no such tally/);
  expect(tally.disposed).toBe(0);
  instances.drop(theirs);
  expect(tally.disposed).toBe(1);
});

test("what comes late for a function that never began is disposed of, for one that began it is its own", () => {
  const { instances, made } = setUp();
  const [never, began] = [new Tally(), new Tally()];
  const [failing, running] = [instances.forCall("ada"), instances.forCall("ada")];
  failing.end();
  running.begin();
  running.end();

  failing.take(Tally, OWN, made(never));
  running.take(Tally, OWN, made(began));

  expect([never.disposed, began.disposed]).toEqual([1, 0]);
});
