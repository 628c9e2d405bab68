import { describe, expect, test } from "vitest";

import { withoutPart } from "../../../src/cli/nats-parts.ts";

const text = "class A {\n    a() {\n    }\n    b() {\n    }\n}\nclass B {\n    b() {\n    }\n}\n";

describe("withoutPart", () => {
  test("takes out the lines from the first to the next last one, which stays", () => {
    expect(withoutPart(text, { begin: "    a() {", end: "    b() {" })).toBe(
      "class A {\n\n    b() {\n    }\n}\nclass B {\n    b() {\n    }\n}\n",
    );
  });

  test("puts something else in their place", () => {
    const cut = { begin: "    a() {", end: "    b() {", instead: "    c = 1;" };
    expect(withoutPart(text, cut)).toContain("class A {\n    c = 1;\n    b() {");
  });

  test.each([
    { begin: "    c() {", end: "    b() {", why: "is not there" },
    { begin: "    b() {", end: "}", why: "is there twice" },
    { begin: "class B {", end: "    a() {", why: "has no end behind it" },
  ])("refuses a text whose part $why: it is another version", ({ begin, end }) => {
    expect(() => withoutPart(text, { begin, end })).toThrow(/another version/);
  });
});
