import { describe, expect, test } from "vitest";
import type { ImportCall } from "../../../../src/core/call.ts";
import type { WitValue } from "../../../../src/core/wit.ts";

import { entityId } from "../../../../src/core/ids.ts";
import { createSource } from "../../../../src/core/view.ts";
import { createHostAnswers } from "../../../../src/host/outbound/host-answers.ts";
import { recordLog } from "../../../support/log-recorder.ts";

function setUp(linked: Readonly<Record<string, string>> = {}) {
  const config = createSource<ReadonlyMap<string, string>>(new Map());
  const { log, entries } = recordLog();
  const linkNames = new Map<string, string>();
  const answers = createHostAnswers({
    id: entityId("shop"),
    config,
    log,
    linkable: new Set(["wasi:keyvalue/store"]),
    links: () => ({
      target: (name, instance) =>
        linked[`${name} ${instance}`] === undefined ? undefined : entityId("kv"),
      contract: () => undefined,
      names: () => [],
    }),
  });
  const run = (instance: string, func: string, ...args: WitValue[]): readonly WitValue[] => {
    const answer = answers(instance, func);
    if (answer === undefined) throw new Error(`no ${instance}#${func}`);
    const call: ImportCall = {
      id: "1",
      source: undefined,
      linkNames,
      instance,
      func,
      args,
      trace: new Map(),
      signal: new AbortController().signal,
    };
    return answer(args, call);
  };
  return { run, config, entries, linkNames, answers };
}

describe("wasi:config", () => {
  test.each(["wasi:config/store@0.2.0-draft", "wasi:config/runtime@0.2.0-draft"])(
    "%s tells what is in force now",
    (instance) => {
      const { run, config } = setUp();

      const before = run(instance, "get", "greeting");
      config.set(new Map([["greeting", "hi"]]));

      expect(before).toEqual([{ tag: "ok", val: undefined }]);
      expect(run(instance, "get", "greeting")).toEqual([{ tag: "ok", val: "hi" }]);
      expect(run(instance, "get-all")).toEqual([{ tag: "ok", val: [["greeting", "hi"]] }]);
    },
  );
});

test("wasi:logging goes to the host's log, cut to what it keeps", () => {
  const { run, entries } = setUp();

  run("wasi:logging/logging@0.1.0-draft", "log", "critical", "ctx", "x".repeat(5_000));

  expect(entries).toMatchObject([
    { level: "error", event: "guest.log", fields: { workload: "shop", context: "ctx" } },
  ]);
  expect(String(entries[0]?.fields["message"])).toHaveLength(4_096);
});

test.each(["constructor", "toString", "__proto__"])("no function is called %s", (func) => {
  expect(setUp().answers("wasi:config/store@0.2.0-draft", func)).toBeUndefined();
  expect(setUp().answers(func, "get")).toBeUndefined();
});

describe("wasmcloud:bus/lattice", () => {
  const target = "[constructor]call-target-interface";

  test("1.0.0 takes any name for what the component imports, and keeps no other", () => {
    const { run, linkNames } = setUp();
    const bus = "wasmcloud:bus/lattice@1.0.0";
    const [store] = run(bus, target, "wasi", "keyvalue", "store");
    const [foreign] = run(bus, target, "some", "thing", "else");

    const chosen = run(bus, "set-link-name", "fast", [store, foreign]);
    const kept = [...linkNames];
    run(bus, "set-link-name", "default", [store]);

    expect(chosen).toEqual([]);
    expect(kept).toEqual([["wasi:keyvalue/store", "fast"]]);
    expect(linkNames.size).toBe(0);
  });

  test.each(["2.0.0", "2.0.1"])("%s takes only names that are linked, or nothing", (version) => {
    const { run, linkNames } = setUp({ "fast wasi:keyvalue/store": "kv" });
    const bus = `wasmcloud:bus/lattice@${version}`;
    const [store] = run(bus, target, "wasi", "keyvalue", "store");
    const [batch] = run(bus, target, "wasi", "keyvalue", "batch");

    const refused = run(bus, "set-link-name", "fast", [store, batch]);
    const untouched = [...linkNames];

    expect(refused).toEqual([
      {
        tag: "err",
        val: "interface `wasi:keyvalue/batch` does not have an existing link with name `fast`",
      },
    ]);
    expect(untouched).toEqual([]);
    expect(run(bus, "set-link-name", "fast", [store])).toEqual([{ tag: "ok", val: undefined }]);
    expect([...linkNames]).toEqual([["wasi:keyvalue/store", "fast"]]);
  });

  test.each([["text"], [[7]], [undefined]])("%s is no list of handles", (handles) => {
    expect(() => setUp().run("wasmcloud:bus/lattice@1.0.0", "set-link-name", "x", handles)).toThrow(
      /handle that this host did not give/,
    );
  });
});
