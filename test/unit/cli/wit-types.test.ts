import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";

import { readWitDocument, readWitTypesArguments } from "../../../src/cli/wit-types-arguments.ts";
import { writeTypeScript } from "../../../src/cli/wit-typescript.ts";
import { parseWit, type WitDocument } from "../../../src/wire/wit-text.ts";
import { SHOP_WIT } from "../../support/shop.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const FIXTURES = join(ROOT, "test/fixtures");
const KINDS = join(import.meta.dirname, "wit-types/kinds.wit");
const FOLDER = mkdtempSync(join(tmpdir(), "inlay-wit-types-"));
const BROKEN = join(FOLDER, "broken.wit");
writeFileSync(BROKEN, "package a:b;\ninterface c {\n  d: func(e: f);\n}\n");
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

/** What a program writes with the types of `kinds.wit`, right and wrong. */
const USE = `
import { ComponentError, type LatticeNode } from "inlay";
import type { DemoKindsDepot, KindsClient, KindsExports } from "./kinds.ts";

class Bucket implements DemoKindsDepot.Served.Bucket {
  readonly name: string;
  constructor(name: string, _size: number | undefined) {
    this.name = name;
  }
  static async of(name: string): Promise<Bucket> {
    if (name === "") throw new ComponentError({ tag: "gone" });
    return new Bucket(name, 1);
  }
  get(key: string): Uint8Array | undefined {
    return key === "" ? undefined : Uint8Array.of(1);
  }
  new(other: Bucket): boolean {
    return other.name === this.name;
  }
}
class Pail {
  private constructor() {}
  static made(): Pail {
    return new Pail();
  }
}
class BucketClass {
  fill(all: readonly Bucket[]): [number, Pail] {
    return [all.length, Pail.made()];
  }
}

export const depot: KindsExports["demo:kinds/depot"] = {
  Bucket,
  Pail,
  BucketClass,
  ints: (a, _b, _c, _d, _e, _f, g) => [a > 1, g],
  lists: (a, b, c, d, e, f) => [a.at(0) ?? 0, b.length, Number(c[0]), d.length, Number(e[0]), f.length],
  default: (shape, perms, text, { signal }) => {
    signal.throwIfAborted();
    if (shape.tag === "circle") return { new: shape.val > 1, constructor: text ?? "x", class: { tag: "none" } };
    return perms.canRead === true ? undefined : { new: false, constructor: "y", class: { tag: "some", val: 3 } };
  },
  hold: ({ bucket, at }) => [{ bucket, at: { x: at.x, y: at.y } }],
  parse: async (text) => BigInt(text),
  check: () => {},
  onlyErr: () => {
    throw new ComponentError({ tag: "other", val: "no" });
  },
  results: (all) => all.map(({ tag }) => ({ tag })),
  async *flow(texts, bytes) {
    for await (const text of texts) yield { x: text.length, y: 0, label: text };
    for await (const chunk of bytes) yield { x: chunk.byteLength, y: 1 };
  },
  later: async (value) => ({ tag: "ok", val: await value }),
  keep: (it) => it,
  pails: (of: Bucket) => (of.name === "" ? [] : [Pail.made()]),
  void: () => undefined,
};

export async function use(node: LatticeNode, wit: string): Promise<void> {
  await node.serve<KindsExports>(wit, { id: "a", world: "kinds" }, {
    "demo:kinds/depot": depot,
    clock: { now: () => 1n },
    run: (args, { caller }) => console.log(args, caller),
  });
  const { "demo:kinds/depot": far, clock, run } = await node.client<KindsClient>(wit, "a", { world: "kinds" });
  using bucket = await new far.Bucket("a");
  const bytes: Uint8Array | undefined = await bucket.get("k");
  const other = await far.Bucket.of(String(bytes));
  const same: boolean = await bucket.new(other);
  const [holding] = await far.hold({ bucket, at: { x: 1, y: 2, label: same ? undefined : "n" } });
  await holding?.bucket.get("k");
  const big: bigint = await far.parse("1");
  const ticks: bigint = await clock.now();
  const spots = await far.flow(["a"], Uint8Array.of(1), []);
  for await (const { x, label } of spots) console.log(x, label?.length);
  const result = await far.later(Promise.resolve(1), Promise.resolve());
  const value: number | string = result.val;
  const read = await spots.getReader().read();
  await far.lists([1], Uint16Array.of(1), [big, ticks], [], [true], [[1n]]);
  await far.default({ tag: "nested", val: { tag: "err", val: "light-blue" } }, {});
  await run([String(value), String(read.done)]);

  // @ts-expect-error -- a number is no bigint
  await far.ints(1, 1, 1, 1, 1, 1, 1, 1n);
  // @ts-expect-error -- no such case
  await far.default({ tag: "square" }, {});
  // @ts-expect-error -- no such name of the enum
  await far.default({ tag: "nested", val: { tag: "err", val: "blue" } }, {});
  // @ts-expect-error -- too few
  await far.hold();
  // @ts-expect-error -- functions are missing
  const lacking: KindsExports["clock"] = {};
  // @ts-expect-error -- of another type
  const wrong: KindsExports["clock"] = { now: () => 1 };
  console.log(lacking, wrong);
}
`;

function read(file: string): WitDocument {
  return parseWit(readFileSync(file, "utf8"));
}

/** Of the fixtures, without what building them has put beside them. */
function witFiles(): readonly string[] {
  return readdirSync(FIXTURES, { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".wit") && !name.startsWith(".built"),
  );
}

/** What `tsc` says of `files`, by the rules of this repository. */
function compile(files: ReadonlyMap<string, string>): string {
  const folder = join(FOLDER, "compiled");
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of files) writeFileSync(join(folder, name), text);
  const config = {
    extends: join(ROOT, "tsconfig.json"),
    compilerOptions: {
      noEmit: true,
      emitDeclarationOnly: false,
      declaration: false,
      isolatedDeclarations: false,
      rootDir: "/",
      paths: { inlay: [join(ROOT, "src/index.ts")] },
      typeRoots: [join(ROOT, "node_modules")],
    },
    include: ["."],
    exclude: [],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", folder],
    { encoding: "utf8" },
  );
  return stdout + stderr;
}

test("every kind of type has its TypeScript", async () => {
  const text = writeTypeScript(read(KINDS), { world: "kinds", origin: "kinds.wit" });

  await expect(text).toMatchFileSnapshot("./wit-types/kinds.txt");
});

test("what is emitted compiles, for every text and world, and programs are held against it", () => {
  const files = new Map([
    ["kinds.ts", writeTypeScript(read(KINDS), { world: "kinds", origin: "kinds.wit" })],
    ["use.ts", USE],
    ["shop.ts", writeTypeScript(parseWit(SHOP_WIT), { origin: "shop.wit" })],
  ]);
  const unread: string[] = [];
  for (const name of witFiles()) {
    let document;
    try {
      document = read(join(FIXTURES, name));
    } catch {
      unread.push(name);
      continue;
    }
    for (const world of [undefined, ...document.worlds.keys()]) {
      const file = `${name} ${world ?? "all"}`.replace(/[^a-z0-9]+/g, "-");
      files.set(`${file}.ts`, writeTypeScript(document, { world, origin: name }));
    }
  }

  expect(compile(files)).toBe("");
  expect(files.size).toBeGreaterThan(30);
  // Their dependencies are in other files, or they have types that no node has.
  expect(unread.length).toBeLessThan(15);
});

test("versions are left out where just one is meant", () => {
  const wit = `
    package a:b@1.0.0 { interface c { type t = u8; d: func() -> t; } }
    package a:b@2.0.0 { interface c { type t = u16; d: func() -> t; } interface e { f: func(); } }
  `;

  const text = writeTypeScript(parseWit(wit), { origin: "c.wit" });

  expect(text).toContain('readonly "a:b/c@1.0.0": ABC100.Served.Functions;');
  expect(text).toContain('readonly "a:b/c@2.0.0": ABC200.Served.Functions;');
  expect(text).toContain('readonly "a:b/e": ABE.Served.Functions;');
  expect(text).toContain('readonly "a:b/e@2.0.0": ABE.Client.Functions;');
});

test("types stand where they are defined, whichever interface comes first", () => {
  const wit = `
    package a:b;
    interface uses { use defines.{item as thing}; get: func() -> thing; }
    interface defines { type first = item; record item { x: u8 } }
  `;

  const text = writeTypeScript(parseWit(wit), { origin: "c.wit" });

  expect(text).toContain("export type Thing = ABDefines.");
  expect(text.match(/readonly x: number/g)).toHaveLength(1);
});

test("a text without functions has empty interfaces, and needs nothing", () => {
  const text = writeTypeScript(parseWit("package a:b; interface c { type d = u8; }"), {
    origin: "c.wit",
  });

  expect(text).toBe(
    [
      "// The types of c.wit, made by `npm run wit-types`: what is changed here is lost.",
      "",
      "/** For `node.serve`. */",
      "export interface Exports {}",
      "",
      "/** Of `node.client`. */",
      "export interface Client {}",
      "",
    ].join("\n"),
  );
});

test("a world that is not there is refused with those that are", () => {
  expect(() => writeTypeScript(read(KINDS), { world: "shop", origin: "kinds.wit" })).toThrow(
    expect.objectContaining({
      code: "bad-input",
      message:
        'the WIT text has no world "shop"; it has: demo:kinds/kinds@1.2.0, demo:kinds/caller@1.2.0',
    }),
  );
});

test.each([
  { args: [], wanted: "one file with WIT text is wanted, met none" },
  { args: ["a.wit", "b.wit"], wanted: "one file with WIT text is wanted, met a.wit b.wit" },
  { args: [join(FOLDER, "none.wit")], wanted: "none.wit cannot be read: ENOENT" },
  { args: [BROKEN], wanted: 'broken.wit: WIT, line 3, column 14: there is no type "f"' },
  { args: [KINDS, "--world", "x"], wanted: 'the WIT text has no world "x"; it has: ' },
  { args: [KINDS, "--world", "caller"], wanted: "the world caller exports nothing; wanted is " },
  { args: [KINDS, "--what"], wanted: "Unknown option '--what'" },
])("$wanted: bad-input", ({ args, wanted }) => {
  const run = (): unknown => readWitDocument(readWitTypesArguments(args));

  expect(run).toThrow(
    expect.objectContaining({ code: "bad-input", message: expect.stringContaining(wanted) }),
  );
});

test("the command writes to a file, and ends with exit code 2 on bad input", () => {
  const out = join(FOLDER, "kinds.ts");

  const written = run(KINDS, "--world", "demo:kinds/kinds", "--out", out);
  const refused = run(BROKEN);

  expect(written).toMatchObject({ status: 0, stdout: "" });
  expect(readFileSync(out, "utf8")).toContain("export interface KindsExports {");
  expect(refused).toMatchObject({ status: 2, stdout: "" });
  expect(refused.stderr).toMatch(/^bad-input: .*broken\.wit: WIT, line 3/m);
  expect(refused.stderr).toContain("npm run wit-types -- FILE.wit");
});

function run(...args: readonly string[]) {
  return spawnSync(process.execPath, ["--import", "tsx", "src/cli/wit-types.ts", ...args], {
    cwd: ROOT,
    encoding: "utf8",
  });
}
