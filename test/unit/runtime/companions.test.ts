/** The host's side of a worker's companions: which reports it believes, and when one has left. */
import { expect, test } from "vitest";
import type { ComponentSetup, Entrusted } from "../../../src/channels/component.ts";
import type { CompanionCall, Witness } from "../../../src/core/runtime.ts";
import type { GuestRun } from "../../../src/runtime/guest-run.ts";

import { LatticeError } from "../../../src/core/error.ts";
import { createCompanions } from "../../../src/runtime/companions.ts";
import { PortableComponent } from "../../../src/runtime/portable.ts";
import { parseWit } from "../../../src/wire/wit-text.ts";

const exports = parseWit(
  "package a:b; interface c { f: func(n: u8) -> u8; s: func(s: stream<u8>); resource r; take: func(r: r); }",
).interfaces;

const setup: ComponentSetup = {
  name: "target.wasm",
  glue: "",
  cores: new Map(),
  borrowers: new Map(),
  instantiations: new Map(),
  mode: "sync",
  exports: new Map([
    ["a:b/c", new Map(["f", "s", "take"].map((func) => [func, { gives: "value" as const }]))],
  ]),
  adapted: new Map(),
  imports: new Map(),
  wasi: [],
  environment: new Map(),
  mounts: [],
  settles: true,
  stock: 8,
  maxBytes: 1,
};
const portable = new PortableComponent(setup, { imports: new Map(), exports }, 1_000);

function setUp({ ready = Promise.resolve() } = {}) {
  const entrusted: Entrusted[] = [];
  const dead = new AbortController();
  const ended: CompanionCall[] = [];
  let untold: Float64Array | undefined;
  const accompanied = (name: object, at: number, tookMs: number): CompanionCall => {
    const trace = new Map<string, string>();
    const call = { id: "7.1", source: undefined, instance: "", func: "", trace, at, tookMs };
    return { ...call, signal: dead.signal, ...name };
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what companions use of a run
  const run = { accompanied } as unknown as GuestRun;
  const companions = createCompanions({
    name: "caller.wasm",
    worker: {
      accompany: () => ready,
      async entrust(one) {
        entrusted.push(one);
      },
      dismiss: async () => untold,
    },
    runOf: (callId) => (callId === 7 ? run : undefined),
    dead: dead.signal,
  });
  const witness: Witness = {
    ended: (call) => void ended.push(call),
    failed: () => [],
  };
  const report = (...rows: number[]): Float64Array => Float64Array.from(rows);
  const leave = (rows: Float64Array): void => void (untold = rows);
  return { companions, witness, entrusted, ended, dead, report, leave };
}

/** What was asked of the worker has been. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

test("only plain functions of the component's own interfaces can be answered elsewhere", () => {
  expect(["f", "s", "take", "none"].map((func) => portable.serves("a:b/c", func))).toEqual([
    true,
    false,
    false,
    false,
  ]);
  expect(portable.serves("a:b/d", "f")).toBe(false);
});

test("a report is told call by call", async () => {
  const { companions, witness, entrusted, ended, report } = setUp();
  const companion = companions.accompany(portable, witness);
  companion.entrust("a:b/c", "f");
  await settled();
  const entry = entrusted[0]?.entry ?? 0;

  companions.hear(report(entry, 7, 1_000, 0.5, entry, 7, 1_001, 0.25));

  expect(ended).toMatchObject([
    { instance: "a:b/c", func: "f", at: 1_000, tookMs: 0.5 },
    { instance: "a:b/c", func: "f", at: 1_001, tookMs: 0.25 },
  ]);
});

test.each([
  { what: "rows that are not whole", rows: (entry: number) => Float64Array.of(entry, 7, 1) },
  { what: "a function that was not entrusted", rows: () => Float64Array.of(99, 7, 1, 1) },
  { what: "too many calls", rows: () => new Float64Array(4 * 65_537) },
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a worker might send
  { what: "something else", rows: () => [1, 2, 3, 4] as unknown as Float64Array },
])("$what: no worker of ours reports that", async ({ rows }) => {
  const { companions, witness, entrusted } = setUp();
  companions.accompany(portable, witness).entrust("a:b/c", "f");
  await settled();

  expect(() => companions.hear(rows(entrusted[0]?.entry ?? 0))).toThrow(
    "caller.wasm tells of a companion that it does not have",
  );
});

test("one that is dismissed has told all by then, and is unknown afterwards", async () => {
  const { companions, witness, entrusted, ended, report, leave } = setUp();
  const companion = companions.accompany(portable, witness);
  companion.entrust("a:b/c", "f");
  await settled();
  const entry = entrusted[0]?.entry ?? 0;
  leave(report(entry, 7, 5, 1));

  await Promise.all([companion.dismiss(), companion.dismiss()]);

  expect(ended).toHaveLength(1);
  expect(() => companions.hear(report(entry, 7, 6, 1))).toThrow("does not have");
});

test("one that cannot be made, or whose worker dies, is lost; one that was dismissed is not", async () => {
  const broken = setUp({ ready: Promise.reject(new LatticeError("bad-image", "no glue")) });
  const lost = broken.companions.accompany(portable, broken.witness).lost;
  const dying = setUp();
  const one = dying.companions.accompany(portable, dying.witness);
  const other = dying.companions.accompany(portable, dying.witness);
  await other.dismiss();

  dying.dead.abort(new LatticeError("worker-lost", "silent"));
  await settled();

  expect(lost.reason).toMatchObject({ code: "bad-image" });
  expect(one.lost.reason).toMatchObject({ code: "worker-lost" });
  expect(other.lost.aborted).toBe(false);
});

test("a function that is entrusted again keeps its number", async () => {
  const { companions, witness, entrusted } = setUp();
  const companion = companions.accompany(portable, witness);

  companion.entrust("a:b/c", "f");
  companion.entrust("a:b/c", "f");
  await settled();

  expect(new Set(entrusted.map(({ entry }) => entry)).size).toBe(1);
  expect(companions.nameOf(entrusted[0]?.companion ?? 0)).toBe("target.wasm");
});
