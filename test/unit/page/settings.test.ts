import { expect, test } from "vitest";

import {
  hasSettings,
  readQuery,
  readSiteFile,
  withDemo,
  withProxy,
  withSite,
} from "../../../src/page/state/settings.ts";

const SITE = {
  servers: ["ws://127.0.0.1:8080/nats"],
  lattice: "demo",
  demo: [{ id: "hello", image: "http://127.0.0.1:8080/demo/hello.wasm" }],
};

test("a full query becomes options, components and the wish to join", () => {
  const query =
    "?servers=wss://a.example&servers=wss://b.example:4223&lattice=shop&name=till&label=zone=edge&label=rack=7" +
    "&dialects=v1,v2&js-domain=leaf&component=hello=https://h.example/x.wasm?v=2&autojoin";

  const settings = readQuery(query);

  expect(settings).toEqual({
    node: {
      servers: ["wss://a.example", "wss://b.example:4223"],
      lattice: "shop",
      name: "till",
      labels: { zone: "edge", rack: "7" },
      dialects: ["v1", "v2"],
      jsDomain: "leaf",
    },
    components: [{ id: "hello", image: "https://h.example/x.wasm?v=2" }],
    autojoin: true,
    complaints: [],
  });
});

test("the lattice of this origin's tabs is an address as well", () => {
  const { node, complaints } = readQuery("?servers=solo:&autojoin");

  expect([node.servers, complaints]).toEqual([["solo:"], []]);
  expect(readQuery("?servers=solo:elsewhere").complaints).toHaveLength(1);
});

test("what an operator of v2 is told comes of the query", () => {
  const told = "hostgroup=tills&environment=edge-eu&hostname=gate.example&http-port=8080";

  const settings = readQuery(`?dialects=v1,v2&${told}`);
  const idle = readQuery(`?hostgroup=tills`);

  expect(settings).toMatchObject({
    node: {
      dialects: ["v1", "v2"],
      operator: {
        hostGroup: "tills",
        environment: "edge-eu",
        hostname: "gate.example",
        httpPort: 8080,
      },
    },
    complaints: [],
  });
  expect(idle.complaints).toEqual([expect.stringContaining("dialects=v1,v2")]);
});

test("the dialect of 0.82 and the clusters that it trusts come of the query", () => {
  const issuer = `C${"A".repeat(55)}`;
  const other = `C${"B".repeat(55)}`;

  const settings = readQuery(`?dialects=v0,v1&issuer=${issuer}&issuer=${other}&watch`);
  const idle = readQuery(`?issuer=${issuer}`);

  expect(settings.node).toMatchObject({
    dialects: ["v0", "v1"],
    clusterIssuers: [issuer, other],
    watch: true,
  });
  expect(settings.complaints).toEqual([]);
  expect(idle.complaints).toEqual([expect.stringContaining("dialects=v0,v1")]);
});

test("an empty query asks for nothing", () => {
  const settings = readQuery("");

  expect(settings).toEqual({
    node: { servers: [], labels: {} },
    components: [],
    autojoin: false,
    complaints: [],
  });
  expect(hasSettings("")).toBe(false);
  expect(hasSettings("?autojoin")).toBe(true);
});

test.each([
  { query: "?token=secret", about: "Credentials" },
  { query: "?servers=wss://u:secret@h.example", about: "credentials" },
  { query: "?servers=http://h.example", about: "ws://" },
  { query: "?label=zone", about: "key=value" },
  { query: "?component=hello", about: "id=address" },
  { query: "?dialects=v9", about: "v9" },
  { query: "?http-port=http", about: "http" },
  { query: "?issuer=CABC", about: "issuer" },
  { query: "?issuer=SCsecret", about: "looks like a seed" },
  { query: "?clusterSeed=SCsecret", about: "Credentials" },
])("$query is told and not used", ({ query, about }) => {
  const { node, components, complaints } = readQuery(query);

  expect(complaints).toHaveLength(1);
  expect(complaints[0]).toContain(about);
  expect(complaints[0]).not.toContain("secret");
  expect({ node, components }).toEqual({ node: { servers: [], labels: {} }, components: [] });
});

test("the site's file gives servers and lattice only where the address has none", () => {
  const named = withSite(readQuery("?lattice=mine"), SITE);
  const full = withSite(readQuery("?servers=wss://a.example"), SITE);

  expect(named.node).toMatchObject({ servers: SITE.servers, lattice: "mine" });
  expect(named.components).toEqual([]);
  expect(named.autojoin).toBe(false);
  expect(full.node.servers).toEqual(["wss://a.example"]);
});

test("the site's port for HTTP is told to an operator by nodes of its server and lattice, unless the address names another", () => {
  const workloads = { hostname: "127.0.0.1", httpPort: 8081 };
  const site = readSiteFile({ ...SITE, workloads });
  const broken = readSiteFile({ ...SITE, workloads: { hostname: 7, httpPort: 8081 } });
  const told = (query: string, by = site) => by && withSite(readQuery(query), by).node.operator;

  expect(told("?dialects=v2&hostgroup=tills")).toEqual({ hostGroup: "tills", ...workloads });
  expect(told("?dialects=v2&lattice=demo")).toEqual(workloads);
  expect(told("?dialects=v2&hostname=gate.example")).toEqual({ hostname: "gate.example" });
  expect(told("?dialects=v2&http-port=80")).toEqual({ httpPort: 80 });
  expect(told("?dialects=v2&lattice=other")).toBeUndefined();
  expect(told("?dialects=v2&servers=wss://a.example")).toBeUndefined();
  expect(told("?dialects=v2", broken)).toBeUndefined();
  expect(withDemo(readQuery(""), { ...SITE, workloads }).node.operator).toEqual(workloads);
});

test("the site's way to registries is taken, whatever server the address names", () => {
  const site = readSiteFile({ ...SITE, images: { proxy: "http://127.0.0.1:8080/-/images/" } });
  const elsewhere = readSiteFile({ ...SITE, images: { proxy: 7 } });
  const asked = readQuery("?servers=wss://a.example");

  const settings = withProxy(asked, site);

  expect(settings.node).toEqual({
    ...asked.node,
    images: { proxy: "http://127.0.0.1:8080/-/images/" },
  });
  expect(withProxy(asked, elsewhere)).toBe(asked);
  expect(withProxy(asked, undefined)).toBe(asked);
});

test("without any address the demo joins and starts its components", () => {
  const settings = withDemo(readQuery(""), SITE);

  expect(settings.autojoin).toBe(true);
  expect(settings.components).toEqual(SITE.demo);
  expect(settings.node).toMatchObject({ servers: SITE.servers, lattice: "demo" });
});

test("a site file is read from JSON, and anything else is none", () => {
  const json: unknown = {
    servers: SITE.servers,
    lattice: "demo",
    demo: [{ id: "hello", ref: SITE.demo[0]?.image }, { id: 3 }],
  };

  expect(readSiteFile(json)).toEqual(SITE);
  expect(readSiteFile({ servers: "wss://a" })).toBeUndefined();
  expect(readSiteFile("<html>")).toBeUndefined();
  expect(readSiteFile(undefined)).toBeUndefined();
});
