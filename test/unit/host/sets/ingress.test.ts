import { expect, test } from "vitest";

import { httpHosts, takesHttp } from "../../../../src/host/sets/ingress.ts";
import { entryOf } from "../../../support/sets.ts";

const entry = (config: Readonly<Record<string, string>>, interfaces = ["incoming-handler"]) =>
  entryOf("wasi:http@0.2.2", interfaces, { config: new Map(Object.entries(config)) });

test.each([
  { what: "the host", config: { host: "Demo.Local" }, hosts: ["demo.local"] },
  {
    what: "aliases, trimmed and once",
    config: { host: "demo.local", "host-aliases": "web.default, web.default.svc,demo.local," },
    hosts: ["demo.local", "web.default", "web.default.svc"],
  },
  {
    what: "no alias that is no name",
    config: { host: "a", "host-aliases": "*.b, c_d, e:80, f" },
    hosts: ["a", "f"],
  },
])("$what", ({ config, hosts }) => {
  expect(httpHosts([entryOf("wasi:keyvalue", ["store"]), entry(config)])).toEqual(hosts);
});

test("the entry of WASI 0.3 counts as well", () => {
  expect(httpHosts([entry({ host: "demo.local" }, ["handler"])])).toEqual(["demo.local"]);
});

test.each([
  {
    entries: [],
    error: "workload did not request wasi:http/incoming-handler or wasi:http/handler interface",
  },
  {
    entries: [entry({ host: "a" }, ["outgoing-handler"])],
    error: "workload did not request wasi:http/incoming-handler or wasi:http/handler interface",
  },
  { entries: [entry({ address: "0.0.0.0:8080" })], error: "no host header found" },
  ...["", "demo.local:8080", "-a", "a..b", "*.local", "a".repeat(64), "ü.de"].map((host) => ({
    entries: [entry({ host })],
    error: `primary host ${JSON.stringify(host)} is not a valid RFC 1123 hostname`,
  })),
])("refuses: $error", ({ entries, error }) => {
  expect(() => httpHosts(entries)).toThrow(error);
});

test("requests are taken by the lattice's form of the handler", () => {
  const exports = (name: string) => new Map([[name, new Map()]]);

  expect(
    takesHttp({ imports: new Map(), exports: exports("wrpc:http/incoming-handler@0.1.0") }),
  ).toBe(true);
  expect(takesHttp({ imports: new Map(), exports: exports("wasi:cli/run@0.2.0") })).toBe(false);
});
