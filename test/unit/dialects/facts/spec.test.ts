import { expect, test } from "vitest";
import fc from "fast-check";
import type { Link } from "../../../../src/core/link.ts";

import { entityId } from "../../../../src/core/ids.ts";
import {
  newSpec,
  readSpec,
  withLink,
  withoutLink,
  writeSpec,
} from "../../../../src/dialects/v1/facts/spec.ts";
import { withCode } from "../../../contract/bus.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array): string => new TextDecoder().decode(value);
const link = (more: Partial<Link> = {}): Link => ({
  source: entityId("hello"),
  target: entityId("kvredis"),
  name: "default",
  namespace: "wasi",
  package: "keyvalue",
  interfaces: ["store", "atomics"],
  sourceConfig: [],
  targetConfig: ["redis-url"],
  ...more,
});
/** As serde writes it: `ComponentSpecification` with one `Link` (wasmCloud @ v1.9.2). */
const RUST =
  '{"url":"ghcr.io/acme/hello:0.1.0","links":[{"source_id":"hello","target":"kvredis","name":"default",' +
  '"wit_namespace":"wasi","wit_package":"keyvalue","interfaces":["store","atomics"],"source_config":[],' +
  '"target_config":["redis-url"]}]}';

test("a specification is written byte for byte as a Rust host writes it", () => {
  const written = writeSpec(withLink(newSpec("ghcr.io/acme/hello:0.1.0"), link()));

  expect(text(written)).toBe(RUST);
});

test("what is read and written again is the same, unknown fields and their order included", () => {
  const theirs = `{"digest":"d","url":"u","links":[{"weight":1,"source_id":"a","target":"b","name":"n",
    "wit_namespace":"x","wit_package":"y","interfaces":[],"deep":{"z":[null,1.5,"é"]}}],"__proto__":{"a":1}}`;

  const same = [RUST, theirs].map((each) => text(writeSpec(readSpec(bytes(each)))));

  expect(same).toEqual([RUST, JSON.stringify(JSON.parse(theirs))]);
});

test("a specification without links gets them as its last field", () => {
  expect(text(writeSpec(readSpec(bytes('{"url":"a"}'))))).toBe('{"url":"a","links":[]}');
});

test.each([
  { given: "", why: "JSON" },
  { given: "[]", why: "an object" },
  { given: '{"links":[]}', why: '"url" must be a string' },
  { given: '{"url":1}', why: '"url" must be a string' },
  { given: '{"url":"a","links":null}', why: '"links" must be a list' },
  { given: '{"url":"a","links":[1]}', why: '"links[0]" must be an object' },
  { given: '{"url":"a","links":[{"source_id":"a"}]}', why: '"links[0].target" must be a string' },
])("$given is refused: $why", ({ given, why }) => {
  expect(() => readSpec(bytes(given))).toThrow(why);
});

test("a put in place keeps the place, and the fields that belong to others", () => {
  const other = link({ package: "blobstore", interfaces: ["blobstore"] });
  const before = readSpec(
    bytes(RUST.replace('"target_config":["redis-url"]}', '"target_config":[],"mine":1}')),
  );

  const after = withLink(
    withLink(before, other),
    link({ interfaces: ["batch"], targetConfig: [] }),
  );

  expect(JSON.parse(text(writeSpec(after)))).toEqual({
    url: "ghcr.io/acme/hello:0.1.0",
    links: [
      expect.objectContaining({ interfaces: ["batch"], target_config: [], mine: 1 }),
      expect.objectContaining({ wit_package: "blobstore" }),
    ],
  });
});

test("an interface goes to one target under one name", () => {
  const spec = withLink(newSpec(""), link());
  const target = entityId("kvnats");

  expect(() => withLink(spec, link({ target }))).toThrow(withCode("conflict"));
  expect(withLink(spec, link({ target, name: "other" })).links).toHaveLength(2);
  expect(withLink(spec, link({ target, interfaces: ["batch"] })).links).toHaveLength(2);
  expect(withLink(spec, link({ target, namespace: "acme" })).links).toHaveLength(2);
});

test("a removal takes the first of its key, whatever its target", () => {
  const two = withLink(
    withLink(newSpec(""), link()),
    link({ target: entityId("other"), interfaces: ["batch"] }),
  );

  const first = withoutLink(two, link());
  const second = withoutLink(first.spec, link());
  const third = withoutLink(second.spec, link());

  expect([first, second, third].map(({ removed }) => removed?.target)).toEqual([
    "kvredis",
    "other",
    undefined,
  ]);
  expect(third.spec).toBe(second.spec);
});

test("puts and removals never touch what another host added", () => {
  const id = fc.constantFrom("a", "b", "c");
  const change = fc.record({
    put: fc.boolean(),
    target: id,
    name: id,
    interfaces: fc.uniqueArray(id, { minLength: 1 }),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 20 }), fc.jsonValue(), (changes, value) => {
      const foreign = {
        source_id: "hello",
        target: "z",
        name: "theirs",
        wit_namespace: "q",
        wit_package: "q",
        interfaces: [],
        extra: value,
      };
      let spec = readSpec(bytes(JSON.stringify({ extra: value, url: "u", links: [foreign] })));

      for (const { put, target, name, interfaces } of changes) {
        const wanted = link({ target: entityId(target), name, interfaces });
        try {
          spec = put ? withLink(spec, wanted) : withoutLink(spec, wanted).spec;
        } catch {
          // a conflict changes nothing
        }
      }

      const after = JSON.parse(text(writeSpec(spec))) as { extra: unknown; links: unknown[] };
      expect(after.extra).toEqual(JSON.parse(JSON.stringify(value)));
      expect(after.links[0]).toEqual(JSON.parse(JSON.stringify(foreign)));
      const keys = spec.links.flatMap(({ json }) =>
        json.interfaces.map((each) => [json.name, json.wit_package, each].join()),
      );
      expect(new Set(keys).size).toBe(keys.length); // one target each
    }),
  );
});
