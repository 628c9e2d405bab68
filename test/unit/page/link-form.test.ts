import { describe, expect, test } from "vitest";

import type { Link } from "../../../src/core/link.ts";

import { entityId } from "../../../src/core/ids.ts";
import {
  hasInterface,
  knownIds,
  linkRefused,
  NO_LINK,
  readLink,
  suggestedInterfaces,
  toggleInterface,
} from "../../../src/page/state/link-form.ts";
import { provider, workload } from "../../support/sample-states.ts";

const filled = { ...NO_LINK, source: " shop ", target: "store", interfaces: "wasi:keyvalue/store" };
const link: Link = {
  source: entityId("shop"),
  target: entityId("store"),
  name: "default",
  namespace: "wasi",
  package: "keyvalue",
  interfaces: ["store"],
  sourceConfig: [],
  targetConfig: [],
};

describe("what a person typed, as a link", () => {
  test.each([
    "wasi:keyvalue/store, wasi:keyvalue/atomics",
    "wasi:keyvalue/store, atomics",
    "wasi:keyvalue/store@0.2.0-draft  wasi:keyvalue/atomics@0.2.0-draft,store",
  ])("%s", (interfaces) => {
    const read = readLink({ ...filled, interfaces, sourceConfig: "one, two  one" });

    expect(read).toEqual({
      link: {
        source: "shop",
        target: "store",
        name: "default",
        namespace: "wasi",
        package: "keyvalue",
        interfaces: ["store", "atomics"],
        sourceConfig: ["one", "two"],
        targetConfig: [],
      },
    });
  });

  test.each([
    { change: { source: "" }, field: "source" },
    { change: { target: "no spaces" }, field: "target" },
    { change: { interfaces: "" }, field: "interfaces" },
    { change: { interfaces: "store" }, field: "interfaces" },
    { change: { interfaces: "wasi:keyvalue/store, wasi:http/types" }, field: "interfaces" },
    { change: { name: "two words" }, field: "name" },
  ])("$change is told at $field", ({ change, field }) => {
    const read = readLink({ ...filled, ...change });

    expect("problems" in read && [...read.problems.keys()]).toEqual([field]);
  });
});

test("a suggestion is taken and given back; one of another package replaces what was there", () => {
  const one = toggleInterface("", "wasi:keyvalue/store");
  const two = toggleInterface("wasi:keyvalue/store, batch", "wasi:keyvalue/atomics");

  expect(one).toBe("wasi:keyvalue/store");
  expect(toggleInterface(two, "wasi:keyvalue/batch")).toBe(
    "wasi:keyvalue/store, wasi:keyvalue/atomics",
  );
  expect(hasInterface("wasi:keyvalue/store, batch", "wasi:keyvalue/batch")).toBe(true);
  expect(toggleInterface(two, "wasi:http/outgoing-handler")).toBe("wasi:http/outgoing-handler");
});

test("suggested is what the source imports and no link meets, without what the host answers", () => {
  const shop = workload("shop", {
    imports: [
      "wasi:io/streams@0.2.2",
      "wasi:keyvalue/store@0.2.0-draft",
      "wasi:keyvalue/atomics@0.2.0-draft",
      "wasi:logging/logging",
      "wasi:http/types@0.2.2",
      "example:mail/outbox@1.0.0",
    ],
  });
  const known = { workloads: [shop], providers: [provider("mail")] };

  expect(suggestedInterfaces(known, [link], { source: "shop", target: "", name: "" })).toEqual([
    "wasi:keyvalue/atomics",
    "example:mail/outbox",
  ]);
  expect(suggestedInterfaces(known, [link], { source: "shop", target: "", name: "b" })).toContain(
    "wasi:keyvalue/store",
  );
});

test("of a source elsewhere the exports of the target are suggested", () => {
  const known = { workloads: [workload("hello")], providers: [] };

  expect(
    suggestedInterfaces(known, [], { source: "http-server", target: "hello", name: "" }),
  ).toEqual(["inlay:demo/greeter"]);
  expect(knownIds(known, [link])).toEqual(["hello", "shop", "store"]);
});

test("a refusal is told at the field that it is about, with what to do", () => {
  const missing =
    "Failed to validate configuration and secrets. Configuration carts not found in config store. ";
  const named = { ...link, targetConfig: ["carts"] };

  const conflict = linkRefused(link, "conflict", "already linked");
  const absent = linkRefused(named, "not-found", missing);
  const denied = linkRefused(link, "denied", "the server refused it");

  expect(conflict.get("interfaces")).toMatch(/Remove that link first/);
  expect([...absent]).toEqual([["targetConfig", expect.stringMatching(/no “carts”.*Put it/)]]);
  expect(denied.get("form")).toMatch(/^The server refused it\. .*LATTICEDATA/);
});
