import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FuncType, WitType, WitValue } from "../../../src/core/wit.ts";

import { camelCase } from "../../../src/core/wit.ts";
import { HIDDEN, withoutSecrets } from "../../../src/interfaces/secrets.ts";
import { MOST_SHOWN_TEXT, shownArgs, shownResults } from "../../../src/interfaces/shown-values.ts";
import { parseWit } from "../../../src/wire/wit-text.ts";
import { formatWave } from "../../../src/wire/wave-format.ts";
import { typedValue } from "../../support/wit-values.ts";

const string: WitType = { kind: "string" };
const bytes: WitType = { kind: "list", element: { kind: "u8" } };
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The text of one argument. */
function shown(value: WitValue, type: WitType, name = "value"): string {
  return shownArgs("a:b/c", "f", { params: [{ name, type }] }, [value]).values[0]?.text ?? "";
}

/** Of WIT as it is written, with what is defined apart before a `|`. */
function funcOf(text: string): FuncType {
  const [signature = "", defined = ""] = text.split("|").toReversed();
  const type = parseWit(`package a:b; interface c { ${defined} f: ${signature}; }`)
    .interfaces.get("a:b/c")
    ?.get("f");
  if (type === undefined) throw new Error(`no function in ${signature}`);
  return type;
}

test("values are what WAVE has for them, by the names of the parameters", () => {
  const type = funcOf(
    "func(name: string, at: tuple<u8, option<u64>>) -> result<list<f64>, string>",
  );

  const args = shownArgs("a:b/c", "f", type, ["Ada", [7, 5n]]);
  const results = shownResults("a:b/c", "f", type, [{ tag: "ok", val: new Float64Array([0.5]) }]);

  expect(args.values).toEqual([
    { name: "name", text: '"Ada"' },
    { name: "at", text: "(7, some(5))" },
  ]);
  expect(results.values).toEqual([{ name: "", text: "ok([0.5])" }]);
});

test("streams, futures and handles are named and left alone", () => {
  const untouchable = new Proxy({}, { get: () => expect.unreachable(), has: () => false });
  const handle: WitType = { kind: "own", resource: "bucket" };
  const stream: WitType = { kind: "stream", element: { kind: "u8" } };
  const future: WitType = { kind: "future", element: string };
  const type = { params: [handle, stream, future].map((type) => ({ name: type.kind, type })) };

  const { values } = shownArgs("a:b/c", "f", type, [untouchable, untouchable, untouchable]);

  expect(values.map(({ text }) => text)).toEqual(["own<bucket>", "stream<u8>", "future<string>"]);
});

test("bytes that are text are shown as text, all others as numbers", () => {
  expect(shown(utf8("grüße\n"), bytes)).toBe(String.raw`b"grüße\n"`);
  expect(shown(Uint8Array.of(0, 159, 146), bytes)).toBe("[0, 159, 146]");
  expect(shown([1, 2], bytes)).toBe("[1, 2]");
  expect(shown(new Uint8Array(), bytes)).toBe("[]");
});

test("what is too long is cut, and says so", () => {
  const type = {
    params: [
      { name: "text", type: string },
      { name: "more", type: string },
    ],
  };

  const { values, cut } = shownArgs("a:b/c", "f", type, ["x".repeat(1_000_000), "more"]);

  expect(cut).toBe(true);
  expect(values[0]?.text).toMatch(/^"x{1999}…$/);
  expect(values[1]?.text).toBe("…");
  expect(shown(new Uint8Array(10_000_000).fill(200), bytes).length).toBeLessThan(
    MOST_SHOWN_TEXT + 2,
  );
});

test("what is not of its type is no failure", () => {
  const odd: readonly WitValue[] = [undefined, null, 1, "x", {}, [], Symbol("s"), () => 1];
  const kinds: readonly WitType[] = [
    string,
    bytes,
    { kind: "record", fields: [{ name: "a", type: string }] },
    { kind: "variant", cases: [{ name: "a", type: string }] },
    { kind: "tuple", elements: [string] },
    { kind: "u64" },
    { kind: "flags", names: ["a"] },
    { kind: "enum", names: ["a"] },
  ];
  for (const value of odd) for (const type of kinds) expect(shown(value, type)).not.toBe("");
});

test("values without anything to hide are as WAVE writes them, but for text in bytes", () => {
  const hasBytes = (type: WitType): boolean => JSON.stringify(type).includes('"u8"');
  const plain = typedValue.filter(({ type }) => !hasBytes(type) && type.kind !== "char");
  fc.assert(
    fc.property(plain, ({ type, value }) => {
      const whole = formatWave(value, type);
      const text = shown(value, type);
      if (text.includes(HIDDEN) || text.endsWith("…") || hasChars(type)) return;
      expect(text).toBe(whole);
    }),
  );
});

/** Lists of characters are shown as text. */
const hasChars = (type: WitType): boolean => JSON.stringify(type).includes('"char"');

describe("secrets are not shown", () => {
  const seed = "SUAIBDPBAUTWCWBKIO6XHQNINK5FWJW4OHLXC3HQ2KFE4PEJUA44CNHTC4";
  const jwt = "eyJ0eXAiOiJKV1QiLCJhbGciOiJlZDI1NTE5LW5rZXkifQ.eyJqdGkiOiJKRk4ifQ.c2lnbmF0dXJl";

  test.each([
    ["a parameter's name", "func(password: string)", ["hunter22"], "hunter22"],
    ["a field's name", "record r { api-key: u64 } | func(a: r)", [{ apiKey: 4711n }], "4711"],
    [
      "a case's name",
      "variant v { token(string) } | func(a: v)",
      [{ tag: "token", val: "abc" }],
      "abc",
    ],
    [
      "a header",
      "func(h: list<tuple<string, list<u8>>>)",
      [[["Set-Cookie", utf8("a=bc")]]],
      "a=bc",
    ],
    [
      "a header of several values",
      "func(h: list<tuple<string, list<list<u8>>>>)",
      [[["authorization", [utf8("xyz")]]]],
      "xyz",
    ],
    [
      "an entry's name",
      "record r { name: string, value: string } | func(e: r)",
      [{ name: "DB_PASSWORD", value: "hunter22" }],
      "hunter22",
    ],
    [
      "the key of what is set",
      "func(key: string, value: list<u8>)",
      ["session-token", utf8("hunter22")],
      "hunter22",
    ],
    ["a token within text", "func(a: string)", [`see ${jwt}.`], jwt.slice(0, 12)],
    ["a seed within text", "func(a: string)", [`seed:${seed}`], seed.slice(0, 12)],
    ["a seed within bytes", "func(a: list<u8>)", [utf8(`-${seed}-`)], seed.slice(0, 12)],
    ["a word within bytes", "func(a: list<u8>)", [utf8("\u{0}passwd\u{8}hunter22")], "104, 117"],
    ["a seed in characters", "func(a: list<char>)", [Array.from(seed)], "IBDPB"],
    ["JSON", "func(a: string)", [`{"name":"x","clientSecret":"hun \\" ter"}`], "ter"],
    ["a list in JSON", "func(a: string)", [`{"secrets":["a]b","hunter2"]}`], "hunter2"],
    ["an object in JSON", "func(a: string)", [`{"credentials":{"value":"hunter2"}}`], "hunter2"],
    ["JSON in JSON", "func(a: string)", [String.raw`{"a":"{\"token\":[\"a]\",\"def\"]}"}`], "def"],
    ["a list without quotes", "func(a: string)", ["token: [abc, def]"], "def"],
    ["a list with an apostrophe", "func(a: string)", ["token: [don't, [x, won't], def]"], "def"],
    ["a list that never ends", "func(a: string)", ["tokens=[abc, def"], "def"],
    ["a list behind a word", "func(a: string)", [`tokens=vec!["abc","def"]`], "def"],
    ["an index", "func(a: string)", ["tokens[0]=hunter22"], "hunter22"],
    ["an arrow", "func(a: string)", [`'token' => 'it''s def'`], "def"],
    ["a block without separator", "func(a: string)", [`credentials { value: "def" }`], "def"],
    ["a list of YAML", "func(a: string)", ["tokens:\n  - abc\n  - def\n"], "def"],
    ["a header of several words", "func(a: string)", ["x-api-key: abc def"], "def"],
    ["a short name", "func(pin: u32)", [4711], "4711"],
    [
      "a short word of a name",
      "record r { db-pass: string } | func(a: r)",
      [{ dbPass: "x1y" }],
      "x1y",
    ],
    [
      "a short name in capitals",
      "func(h: list<tuple<string, string>>)",
      [[["X-AUTH", "x1y"]]],
      "x1y",
    ],
    ["short names in JSON", "func(a: string)", [`{"otp":123456,"userPass":"hun"}`], "123456"],
    ["a short word in camel case", "func(a: string)", [`{"userPass":"hunter22"}`], "hunter22"],
    ["a query", "func(a: string)", ["/path?access_token=hunter22&b=1"], "hunter22"],
    ["an address", "func(a: string)", ["nats://user:hunter22@host:4222"], "hunter22"],
    ["lines of headers", "func(a: string)", ["Host: x\r\nCookie: a=1; b=hunter22\r\n"], "hunter22"],
    ["a bearer", "func(a: string)", ["Bearer hunter22hunter22"], "hunter22"],
    [
      "a private key",
      "func(a: string)",
      ["-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----"],
      "MC4CAQ",
    ],
  ] as const)("%s", (_, signature, args, secret) => {
    const { values } = shownArgs("a:b/c", "f", funcOf(signature), args);

    const text = JSON.stringify(values);
    expect(text).toContain(HIDDEN);
    expect(text).not.toContain(secret);
  });

  test.each([
    ["wasi:config/store@0.2.0-draft", "get", ["color"]],
    ["wasmcloud:secrets/reveal", "reveal", ["handle"]],
    ["a:b/c", "read-secret", ["name"]],
    ["wasi:keyvalue/store", "get", ["db-password"]],
  ])("what %s#%s gives for %s", (instance, func, given) => {
    const type = funcOf("func(key: string) -> result<option<string>, string>");

    const args = shownArgs(instance, func, type, given);
    const { values } = shownResults(
      instance,
      func,
      type,
      [{ tag: "ok", val: "hunter22" }],
      args.secret,
    );

    expect(values).toEqual([{ name: "", text: HIDDEN }]);
  });

  test("a configuration's key is shown, its value is not", () => {
    const type = funcOf("func(key: string) -> string");

    const args = shownArgs("wasi:config/store", "get", type, ["color"]);

    expect(args).toMatchObject({ values: [{ name: "key", text: '"color"' }], secret: true });
  });

  test("what stands beside a secret in text is shown", () => {
    const around = (text: string): string => withoutSecrets(text).replace(HIDDEN, "*");

    expect(around(`{"a":1,"secrets":["x",{"y":"]"}],"b":2}`)).toBe(`{"a":1,"secrets":*,"b":2}`);
    expect(around("/path?access_token=x&b=1")).toBe("/path?access_token=*&b=1");
    expect(around("Host: x\r\nX-Api-Key: a b\r\nAge: 1")).toBe("Host: x\r\nX-Api-Key: *\r\nAge: 1");
    expect(around(String.raw`"{\"pin\":\"a\\\"b\",\"c\":1}"`)).toBe(
      String.raw`"{\"pin\":*,\"c\":1}"`,
    );
  });

  test("whatever JSON stands under a secret's name within text is never shown", () => {
    const names = fc.constantFrom("secrets", "credentials", "x-api-key", "pass", "userAuth", "PIN");
    const leaf = fc.string({ maxLength: 12 }).map((text) => `${text}hunter22`);
    const value = fc.oneof(
      leaf,
      fc.array(fc.oneof(leaf, fc.array(leaf), fc.record({ "]": leaf, a: leaf }))),
      fc.dictionary(fc.string(), fc.oneof(leaf, fc.array(leaf))),
    );
    fc.assert(
      fc.property(names, value, fc.integer({ min: 1, max: 3 }), (name, under, deep) => {
        let text = JSON.stringify({ before: 1, [name]: under, after: 2 });
        for (let depth = 1; depth < deep; depth++) text = JSON.stringify({ text });

        expect(withoutSecrets(text)).not.toContain("hunter22");
      }),
      { numRuns: 500 },
    );
  });

  test("whatever follows a secret's name in a line is never shown", () => {
    const names = fc.constantFrom("token", "x-api-key", "X-Auth", "db_pass", "otp");
    const words = fc.array(fc.stringMatching(/^[\w,;&= ]{0,8}$/)).map((all) => all.join(" "));
    fc.assert(
      fc.property(names, words, (name, ahead) => {
        const text = withoutSecrets(`a\n${name}: x${ahead} hunter22\nb`);

        expect(text).toBe(`a\n${name}: ${HIDDEN}\nb`);
      }),
    );
  });

  test("text of names and brackets alone takes no long time", () => {
    for (const piece of ["password", "pass[", 'token: ["', "secret(", "token=\\", "key'[{"]) {
      const started = performance.now();
      withoutSecrets(piece.repeat(1000));
      expect(performance.now() - started).toBeLessThan(2000);
    }
  });

  test("a secret that runs over the cut leaves no half of itself", () => {
    for (const ahead of [1940, 1960, 1980, 1995]) {
      expect(shown(`${" ".repeat(ahead)}${seed}`, string)).not.toMatch(/SUA/);
      expect(shown(`${" ".repeat(ahead)}${jwt.repeat(50)}`, string)).not.toMatch(/eyJ/);
    }
  });

  test("public keys and plain words stay", () => {
    const key = "NSAIBDPBAUTWCWBKIO6XHQNINK5FWJW4OHLXC3HQ2KFE4PEJUA44CNHTC";
    const words = ["keyboard", "basic facts", "https://host:80/a@b", "key=value", "tokens"];
    const short = ["author: Ada", "shipping=1", "bypass: [1]", "compass={}", "Pinned: 2"];
    for (const text of [key, ...words, ...short]) {
      expect(withoutSecrets(text)).toBe(text);
    }
  });

  /** Places for a secret, each with the values of its kind that a guest may put around it. */
  const secret = fc.oneof(
    fc.stringMatching(/^S[UAO][A-Z2-7]{56}$/),
    fc.stringMatching(/^eyJ[\w-]{20,60}\.[\w-]{20,60}\.[\w-]{20,60}$/),
  );
  const around = fc.string({ unit: "grapheme", maxLength: 20 });

  test("wherever a seed or a token is among values, it is never shown", () => {
    const place = fc.record({ found: secret, before: around, after: around, host: typedValue });
    fc.assert(
      fc.property(place, fc.integer({ min: 0, max: 7 }), ({ found, before, after, host }, how) => {
        const held = `${before}${found} ${after}`;
        const inner = placed(held, how);
        const type: WitType = { kind: "tuple", elements: [host.type, inner.type, host.type] };

        const text = shown([host.value, inner.value, host.value], type);

        expect(text).not.toContain(found.slice(0, 16));
        expect(text).not.toContain(Array.from(utf8(found.slice(0, 16))).join(", "));
      }),
      { numRuns: 500 },
    );
  });

  test("whatever has a secret's name is never shown, of any type and at any depth", () => {
    const names = fc.constantFrom("password", "api-key", "session-token", "nkey-seed", "cookie");
    fc.assert(
      fc.property(
        names,
        typedValue,
        fc.integer({ min: 0, max: 3 }),
        (name, { type, value }, deep) => {
          let own: { type: WitType; value: WitValue } = {
            type: { kind: "record", fields: [{ name, type }] },
            value: { [camelCase(name)]: value },
          };
          for (let depth = 0; depth < deep; depth++) {
            own = { type: { kind: "list", element: own.type }, value: [own.value] };
          }

          const { values } = shownArgs("a:b/c", "f", { params: [{ name: "a", type: own.type }] }, [
            own.value,
          ]);

          const open = "[".repeat(deep);
          const close = "]".repeat(deep);
          expect(values[0]?.text).toBe(`${open}{${name}: ${HIDDEN}}${close}`);
        },
      ),
    );
  });
});

function placed(text: string, how: number): { readonly type: WitType; readonly value: WitValue } {
  const plain = { type: string, value: text };
  switch (how) {
    case 0:
      return plain;
    case 1:
      return { type: bytes, value: utf8(text) };
    case 2:
      return { type: { kind: "list", element: { kind: "char" } }, value: Array.from(text) };
    case 3:
      return { type: { kind: "option", some: string }, value: text };
    case 4:
      return { type: { kind: "list", element: bytes }, value: [utf8(text), utf8("x")] };
    case 5:
      return {
        type: { kind: "record", fields: [{ name: "note", type: string }] },
        value: { note: text },
      };
    case 6:
      return { type: { kind: "result", err: string }, value: { tag: "err", val: text } };
    default:
      return {
        type: { kind: "variant", cases: [{ name: "other", type: string }] },
        value: { tag: "other", val: text },
      };
  }
}
