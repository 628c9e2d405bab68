import { expect, test } from "vitest";

import { readShellVersion } from "../../../src/core/shell.ts";

const HASH = `sha256-${"A".repeat(43)}=`;
const GOOD = {
  version: "0.1.0",
  build: "0123456789abcdef",
  files: { "index.html": HASH, "assets/index-Abc_-123.js": HASH },
  later: {},
};

test("a version of a build is read", () => {
  expect(readShellVersion(GOOD)).toEqual(GOOD);
});

test.each([
  ["a page of a host that answers everything", "<!doctype html>"],
  ["no build", { ...GOOD, build: undefined }],
  ["a build that is no name", { ...GOOD, build: "../../x" }],
  ["an address elsewhere", { ...GOOD, files: { "https://evil.example/x.js": HASH } }],
  ["an address of another origin", { ...GOOD, files: { "//evil.example/x.js": HASH } }],
  ["a way up", { ...GOOD, files: { "assets/../../x.js": HASH } }],
  ["a query", { ...GOOD, files: { "index.html?x": HASH } }],
  ["a file without a hash", { ...GOOD, files: { "index.html": "" } }],
  [
    "more files than a build has",
    { ...GOOD, files: Object.fromEntries(Array.from({ length: 501 }, (_, n) => [`a${n}`, HASH])) },
  ],
])("%s is no version", (_, value) => {
  expect(readShellVersion(value)).toBeUndefined();
});
