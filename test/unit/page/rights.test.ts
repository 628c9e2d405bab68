import { describe, expect, test } from "vitest";
import fc from "fast-check";

import type { NodeState } from "../../../src/core/node-state.ts";

import { groupedImports } from "../../../src/page/state/grouped-imports.ts";
import { abilities, covers, userWords } from "../../../src/page/state/rights.ts";

type Asked = Pick<NodeState, "lattice" | "hostId" | "users" | "refusals">;

const HOST = "NBGHEKLFQ57SUTPGEC4NGKRRAV5XKXIEPNLQ3O7OT2BKDPYXJ63PSCSX";
const may = (state: Partial<Asked>, what: string): string | undefined =>
  abilities({ lattice: "shop", hostId: HOST, users: {}, refusals: [], ...state }).find(
    (ability) => ability.what === what,
  )?.may;
const jwt = (
  publish: readonly string[],
  subscribe: readonly string[],
  deny: readonly string[] = [],
) => {
  const rights = { publish: { allow: publish, deny }, subscribe: { allow: subscribe, deny } };
  const user = { kind: "jwt", name: "tab", rights } as const;
  return { users: { control: user, rpc: user } };
};

describe("what a credential lets a tab do", () => {
  test("is open where nobody says, and closed by what was refused", () => {
    const refusals = [
      { operation: "publish", subject: "$KV.LATTICEDATA_shop.COMPONENT_a", times: 1, at: 0 },
    ] as const;

    expect(may({}, "answer calls of components")).toBe("unknown");
    expect(
      may({ refusals: [{ ...refusals[0], subject: "$KV.LATTICEDATA_shop.>" }] }, "change links"),
    ).toBe("no");
    expect(may({ refusals }, "change configuration")).toBe("unknown");
  });

  test("is what a JWT allows and does not deny", () => {
    const least = jwt(
      ["shop.*.wrpc.0.0.1.>", "_INBOX.>"],
      [`wasmbus.ctl.v1.shop.*.*.${HOST}`, "shop.*.wrpc.0.0.1.> shop.*", `_INBOX.${HOST}.>`],
    );

    expect(may(least, "be commanded by the lattice")).toBe("yes");
    expect(may(least, "answer calls of components")).toBe("yes");
    expect(may(least, "call any component or provider")).toBe("yes");
    expect(may(least, "listen to the calls of others")).toBe("no");
    expect(may(least, "hear the answers to others")).toBe("no");
    expect(may(least, "command other hosts")).toBe("no");
    expect(may(jwt([], []), "command other hosts")).toBe("yes");
    expect(may(jwt([], [], ["wasmbus.ctl.>"]), "command other hosts")).toBe("no");
  });
});

test.each([
  ["a.*", "a.b", true],
  ["a.>", "a.b.c", true],
  ["a.>", "a", false],
  ["a.*", "a.>", false],
  ["a.>", "a.*.c", true],
  ["a.b", "a.b.c", false],
  ["*", "*", true],
  ["b", "*", false],
])("%s covers %s: %s", (pattern, subject, expected) => {
  expect(covers(pattern, subject)).toBe(expected);
});

test("each pattern covers itself, and > covers all", () => {
  const token = fc.constantFrom("a", "b", "*");
  const subject = fc.array(token, { minLength: 1, maxLength: 5 }).map((tokens) => tokens.join("."));

  fc.assert(
    fc.property(subject, (given) => {
      expect([covers(given, given), covers(">", given)]).toEqual([true, true]);
    }),
  );
});

test("users are told by kind and name", () => {
  expect(userWords(undefined)).toMatch(/^no credential/);
  expect(userWords({ kind: "password", name: "ops" })).toBe("a password: ops");
  expect(userWords({ kind: "token" })).toBe("a token");
});

test("imports are told by who answers them", () => {
  const imports = [
    "wasi:io/streams@0.2.0",
    "wasi:cli/stdout@0.2.0",
    "wasi:cli/environment@0.2.0",
    "wasi:keyvalue/store@0.2.0-draft",
    "demo:app/other",
  ];

  expect(groupedImports(imports)).toEqual({
    host: ["streams", "output to the log", "its own environment"],
    links: ["wasi:keyvalue/store@0.2.0-draft", "demo:app/other"],
  });
});
