/** What the documents name has to be there: error codes, commands, files, headings. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const documents = [
  "README.md",
  "CONTRIBUTING.md",
  ...readdirSync(join(ROOT, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

/** A heading's address, as GitHub makes it. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(" ", "-");

/** The second heading of a name has a number behind it, and so on. */
function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set([...text.matchAll(/<a id="([^"]+)">/g)].map(([, id = ""]) => id));
  const seen = new Map<string, number>();
  for (const [, heading = ""] of text.matchAll(/^#{1,6} (.+)$/gm)) {
    const anchor = anchorOf(heading);
    const before = seen.get(anchor) ?? 0;
    seen.set(anchor, before + 1);
    anchors.add(before === 0 ? anchor : `${anchor}-${before}`);
  }
  return anchors;
}

test("troubleshooting has each error code, and no other", () => {
  const declared = /export type ErrorCode =([^;]+);/.exec(read("src/core/error.ts"))?.[1] ?? "";
  const codes = [...declared.matchAll(/\| "([a-z-]+)"/g)].map(([, code = ""]) => code);

  const told = [...read("docs/troubleshooting.md").matchAll(/^### (.+)$/gm)].map(
    ([, heading = ""]) => heading,
  );

  expect(codes.length).toBeGreaterThan(20);
  expect(told.toSorted()).toEqual(codes.toSorted());
});

test("the API's document has each public name (`npm run docs:api` writes it)", () => {
  const lists = [...read("src/index.ts").matchAll(/export (?:type )?\{([^}]*)\}/g)];
  const names = lists.flatMap(([, list = ""]) => list.split(",").map((name) => name.trim()));
  const told = read("docs/api.md");

  const missing = names.filter(
    (name) => name !== "" && !new RegExp(`^### ${name}(?:\\(\\))?$`, "m").test(told),
  );

  expect(missing).toEqual([]);
});

describe.each(documents)("%s", (path) => {
  const text = read(path);

  test("names commands that there are", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const named = [...text.matchAll(/npm run ([a-z][a-z:-]*)/g)].map(([, name = ""]) => name);

    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });

  test("leads to files and headings that there are", () => {
    const targets = [...text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)];

    const broken = targets.filter(([, file = "", anchor]) => {
      const target = file === "" ? join(ROOT, path) : resolve(ROOT, dirname(path), file);
      if (!existsSync(target)) return true;
      return anchor !== undefined && !anchorsOf(readFileSync(target, "utf8")).has(anchor);
    });

    expect(broken.map(([link]) => link)).toEqual([]);
  });
});
