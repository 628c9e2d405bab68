/** `docs/protocol-coverage.md`: which tests show which row of the protocols, read from the tests themselves. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { parseSync, Visitor } from "oxc-parser";

import { PROTOCOL_ROWS } from "./protocol-rows.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const FOLDERS = ["test/unit", "test/lattice", "test/contract", "test/browser", "test/e2e"];

export const TABLE_FILE: string = join(ROOT, "docs/protocol-coverage.md");

export interface Shown {
  /** Path from the root of the repository. */
  readonly file: string;
  readonly test: string;
}

/** By `Group: row`. */
export function shownRows(): ReadonlyMap<string, readonly Shown[]> {
  const shown = new Map<string, Shown[]>();
  for (const file of FOLDERS.flatMap((folder) => filesBelow(join(ROOT, folder)))) {
    const source = readFileSync(file, "utf8");
    if (!source.includes("shows(")) continue;
    const name = relative(ROOT, file).split(sep).join("/");
    for (const { row, test } of covered(name, source)) {
      shown.set(row, [...(shown.get(row) ?? []), { file: name, test }]);
    }
  }
  return shown;
}

export function protocolTable(): string {
  const shown = shownRows();
  const parts = Object.entries(PROTOCOL_ROWS).map(([group, rows]) => {
    const lines = Object.entries(rows).map(([row, what]) => {
      const tests = (shown.get(`${group}: ${row}`) ?? []).map(
        ({ file, test }) => `[${escaped(test)}](../${file})`,
      );
      return `| ${escaped(row)} | ${what} | ${tests.join("<br>")} |`;
    });
    return [
      `## ${group}`,
      "",
      "| row | what is shown | by |",
      "| --- | --- | --- |",
      ...lines,
    ].join("\n");
  });
  return `${HEAD}\n\n${parts.join("\n\n")}\n`;
}

const HEAD = `# What of the protocols is shown by tests

Rows of the wasmCloud 1.x control interface, its events and state, of wRPC over NATS, and of the control plane of wasmCloud
0.82, and of operators of v2, with the tests that assert their exact JSON or bytes. Generated from the tests by \`npm run docs:protocol\`; \`npm test\` fails when it is out of date.`;

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .toSorted()
    .map((name) => join(folder, name));
}

interface Covered {
  readonly row: string;
  readonly test: string;
}

function covered(name: string, source: string): readonly Covered[] {
  const { program, errors } = parseSync(name, source);
  const [error] = errors;
  if (error !== undefined) throw new Error(`${name}: ${error.message}`);
  const found: Covered[] = [];
  const titles: string[] = [];
  new Visitor({
    CallExpression(node) {
      const title = titleOf(node);
      if (title !== undefined) titles.push(title);
      if (node.callee.type !== "Identifier" || node.callee.name !== "shows") return;
      const test = titles.at(-1);
      if (test === undefined) throw new Error(`${name}: shows() stands outside of a test`);
      for (const argument of node.arguments) {
        if (argument.type !== "Literal" || typeof argument.value !== "string") {
          throw new Error(`${name}: shows() takes names as they are, in "${test}"`);
        }
        found.push({ row: argument.value, test });
      }
    },
    "CallExpression:exit"(node) {
      if (titleOf(node) !== undefined) titles.pop();
    },
  }).visit(program);
  return found;
}

interface CallLike {
  readonly callee: unknown;
  readonly arguments: readonly { readonly type: string }[];
}

/** The title of `test("…", …)`, `it("…")`, `test.each(…)("…")`. */
function titleOf(node: CallLike): string | undefined {
  const [first] = node.arguments;
  if (!/^(?:test|it)\b/.test(rootName(node.callee))) return undefined;
  if (first?.type === "Literal" && "value" in first && typeof first.value === "string") {
    return first.value;
  }
  if (first?.type !== "TemplateLiteral" || !("quasis" in first) || !Array.isArray(first.quasis)) {
    return undefined;
  }
  const pieces: readonly { readonly value: { readonly raw: string } }[] = first.quasis;
  return pieces.map(({ value }) => value.raw).join("…");
}

/** `test` of `test`, `test.each`, `test.each([…])`. */
function rootName(callee: unknown): string {
  if (typeof callee !== "object" || callee === null) return "";
  if ("name" in callee && typeof callee.name === "string") return callee.name;
  if ("object" in callee) return rootName(callee.object);
  if ("callee" in callee) return rootName(callee.callee);
  return "";
}

function escaped(text: string): string {
  return text.replaceAll("|", "\\|");
}
