import { expect, test } from "vitest";

import { callOf, openRuntime, run } from "./support.ts";

const GREETER = "inlay:demo/greeter";

test("a component answers calls from its worker", async () => {
  await using opened = openRuntime();
  await using pool = await run(opened.runtime, "hello");

  const results = await Promise.all([
    pool.invoke(callOf(GREETER, "greet", ["Ada"])),
    pool.invoke(callOf(GREETER, "add", [4_294_967_295, 2])),
    pool.invoke(callOf(GREETER, "hello")),
  ]);

  expect(results).toEqual([
    ["Hello, Ada!"],
    [1],
    ["Hello! I live in a browser tab, and I was awake anyway."],
  ]);
});

test("more calls than instances wait their turn, and each gets its own answer", async () => {
  await using opened = openRuntime();
  await using pool = await run(opened.runtime, "hello", { maxInstances: 2 });
  const names = Array.from({ length: 100 }, (_, n) => `caller ${n}`);

  const results = await Promise.all(
    names.map((name) => pool.invoke(callOf(GREETER, "greet", [name]))),
  );

  expect(results).toEqual(names.map((name) => [`Hello, ${name}!`]));
  expect(pool.load.peek()).toEqual({ running: 0, waiting: 0, accepting: true });
});

test("byte arrays of any size come through, also as views of a larger buffer", async () => {
  await using opened = openRuntime();
  await using pool = await run(opened.runtime, "hello");
  const large = new Uint8Array(1_000_000).map((_, index) => index % 251);
  const view = large.subarray(500_000, 500_005);

  const [whole] = await pool.invoke(callOf(GREETER, "echo", [large]));
  const [part] = await pool.invoke(callOf(GREETER, "echo", [view]));

  expect(whole).toHaveLength(large.length);
  expect(large.every((byte, index) => byte === (whole as Uint8Array)[index])).toBe(true);
  expect(part).toEqual(view.slice());
  expect(large.length).toBe(1_000_000); // the caller's own bytes were not taken away
});

test("a function that the component does not have is not found", async () => {
  await using opened = openRuntime();
  await using pool = await run(opened.runtime, "hello");

  const call = pool.invoke(callOf(GREETER, "vanish"));

  await expect(call).rejects.toMatchObject({
    code: "not-found",
    message: "the component hello.wasm has no function inlay:demo/greeter.vanish",
  });
});

test("a value that does not fit the parameter's type fails this call and no other", async () => {
  await using opened = openRuntime();
  await using pool = await run(opened.runtime, "hello");

  const bad = pool.invoke(callOf(GREETER, "greet", [42]));

  await expect(bad).rejects.toMatchObject({ code: "guest-trapped" });
  await expect(pool.invoke(callOf(GREETER, "greet", ["Bo"]))).resolves.toEqual(["Hello, Bo!"]);
});

test("calls to a component that was stopped are refused, and pending ones end", async () => {
  await using opened = openRuntime();
  const pool = await run(opened.runtime, "hello");
  const pending = pool.invoke(callOf(GREETER, "greet", ["Ada"]));

  await pool[Symbol.asyncDispose]();

  await expect(pending).rejects.toMatchObject({ code: "closed" });
  await expect(pool.invoke(callOf(GREETER, "hello"))).rejects.toMatchObject({ code: "closed" });
});

test("a component of several components, and one with a language runtime, answer as well", async () => {
  await using opened = openRuntime();
  await using composed = await run(opened.runtime, "composed");
  await using realistic = await run(opened.runtime, "realistic");

  const shouted = await composed.invoke(callOf("inlay:test/shouter", "shout", ["quiet"]));
  const filled = await realistic.invoke(
    callOf("inlay:demo/text-tools", "fill", ["Dear {{ name }}", [["name", "Ada"]]]),
  );
  const unfilled = await realistic.invoke(callOf("inlay:demo/text-tools", "fill", ["{{ x }}", []]));

  expect(shouted).toEqual([{ text: "QUIET", length: 5 }]);
  expect(filled).toEqual([{ tag: "ok", val: "Dear Ada" }]);
  expect(unfilled).toEqual([{ tag: "err", val: { tag: "missing-value", val: "x" } }]);
});
