import { expect, test } from "vitest";

import { fieldsOf, readJoinForm } from "../../../src/page/state/join-form.ts";

const BASE = { servers: ["wss://a.example"], jsDomain: "leaf" };

test("a form filled from an address gives that address's options back", () => {
  const node = { ...BASE, lattice: "shop", name: "till", labels: { zone: "edge", rack: "7" } };

  const reading = readJoinForm(fieldsOf(node, { token: "t" }), node);

  expect(reading).toEqual({ request: { node, credentials: { token: "t" } } });
});

test("an emptied name is left to the node, and an empty lattice is the default one", () => {
  const fields = { ...fieldsOf({ ...BASE, name: "till" }), name: " ", lattice: "" };

  const reading = readJoinForm(fields, { ...BASE, name: "till" });

  expect(reading).toEqual({
    request: { node: { ...BASE, lattice: "default", labels: {} }, credentials: undefined },
  });
});

test("credentials of a registry are given beside the options, never among them", () => {
  const fields = {
    ...fieldsOf(BASE),
    registry: " registry.example:5000 ",
    registryUser: "ada",
    registryPass: " s3cret",
  };

  const reading = readJoinForm(fields, BASE);

  expect(reading).toEqual({
    request: {
      node: { ...BASE, lattice: "default", labels: {} },
      credentials: undefined,
      registries: { "registry.example:5000": { user: "ada", pass: " s3cret" } },
    },
  });
});

test("whoever speaks 0.82 names clusters, and gives a seed beside the options, never among them", () => {
  const issuer = `C${"A".repeat(55)}`;
  const seed = `SC${"A".repeat(56)}`;
  const fields = { ...fieldsOf(BASE), issuers: issuer, clusterSeed: ` ${seed} ` };

  const chosen = readJoinForm({ ...fields, dialects: "v0,v1" }, BASE);
  const without = readJoinForm(fields, BASE);

  expect(chosen).toEqual({
    request: {
      node: {
        ...BASE,
        lattice: "default",
        labels: {},
        dialects: ["v0", "v1"],
        clusterIssuers: [issuer],
        allowUnsigned: false,
        watch: false,
      },
      credentials: undefined,
      clusterSeed: seed,
    },
  });
  expect(without).toEqual({
    request: { node: { ...BASE, lattice: "default", labels: {} }, credentials: undefined },
  });
});

test("an address that asks for 0.82 alone opens the form so, and what it asks for stays", () => {
  const node = {
    ...BASE,
    lattice: "shop",
    labels: {},
    dialects: ["v0"] as const,
    clusterIssuers: [`C${"A".repeat(55)}`],
    allowUnsigned: true,
    watch: true,
  };

  const fields = fieldsOf(node);

  expect(fields).toMatchObject({ dialects: "v0", issuers: node.clusterIssuers[0] });
  expect(readJoinForm(fields, node)).toEqual({ request: { node, credentials: undefined } });
});

test("what an operator of v2 is told is asked of those who speak v2, and what else the address says stays", () => {
  const operator = { id: "host-1", hostGroup: "tills", hostname: "gate.example", httpPort: 8080 };
  const node = { ...BASE, lattice: "shop", labels: {}, dialects: ["v1", "v2"] as const, operator };
  const fields = fieldsOf(node);

  const same = readJoinForm(fields, node);
  const other = readJoinForm({ ...fields, dialects: "v2", hostgroup: "", httpPort: "" }, node);
  const none = readJoinForm({ ...fields, dialects: "v1" }, node);
  const wrong = readJoinForm({ ...fields, httpPort: "http" }, node);

  expect(same).toEqual({ request: { node, credentials: undefined } });
  expect(other).toMatchObject({
    request: {
      node: { dialects: ["v2"], operator: { id: "host-1", hostname: "gate.example" } },
    },
  });
  expect(none).not.toHaveProperty("request.node.operator");
  expect("problems" in wrong && [...wrong.problems.keys()]).toEqual(["httpPort"]);
});

test("a watch without a cluster to trust is told, for everything would be an alarm", () => {
  const fields = { ...fieldsOf(BASE), dialects: "v0" as const, watch: "yes" as const };

  const reading = readJoinForm(fields, BASE);
  const seeded = readJoinForm({ ...fields, clusterSeed: `SC${"A".repeat(56)}` }, BASE);

  expect("problems" in reading && [...reading.problems.keys()]).toEqual(["issuers"]);
  expect(seeded).toMatchObject({ request: { node: { watch: true } } });
});

test.each([
  { issuers: "SCsecretsecret", clusterSeed: "", wrong: "issuers" },
  { issuers: "", clusterSeed: "SUsecretsecret", wrong: "clusterSeed" },
])("keys in a wrong place are told without a letter of them: $wrong", ({ wrong, ...more }) => {
  const reading = readJoinForm({ ...fieldsOf(BASE), dialects: "v0", ...more }, BASE);

  const problems = "problems" in reading ? reading.problems : new Map<string, string>();
  expect([...problems.keys()]).toEqual([wrong]);
  expect([...problems.values()].join()).not.toContain("secret");
});

test.each([
  { registry: "", registryUser: "ada", registryPass: "p", wrong: ["registry"] },
  {
    registry: "ghcr.io",
    registryUser: "",
    registryPass: "",
    wrong: ["registryUser", "registryPass"],
  },
  { registry: "https://ghcr.io", registryUser: "a", registryPass: "p", wrong: ["registry"] },
  { registry: "ghcr.io/org", registryUser: "a", registryPass: "p", wrong: ["registry"] },
  { registry: "__proto__", registryUser: "a", registryPass: "p", wrong: ["registry"] },
  { registry: "", registryUser: "", registryPass: "s3cret", wrong: ["registry", "registryUser"] },
])("half-filled or odd credentials of a registry are told: $wrong", ({ wrong, ...more }) => {
  const reading = readJoinForm({ ...fieldsOf(BASE), ...more }, BASE);

  const problems = "problems" in reading ? reading.problems : new Map<string, string>();
  expect([...problems.keys()]).toEqual(wrong);
  expect([...problems.values()].join(" ")).not.toContain("s3cret");
});

test("every problem is told at once, beside its field", () => {
  const fields = {
    ...fieldsOf({ servers: [] }),
    lattice: "a.b",
    labels: "zone",
    kind: "nkey" as const,
    nkeySeed: "secret",
  };

  const reading = readJoinForm(fields, { servers: [] });

  const problems = "problems" in reading ? reading.problems : new Map<string, string>();
  expect(Array.from(problems.keys()).toSorted()).toEqual([
    "labels",
    "lattice",
    "nkeySeed",
    "servers",
  ]);
  expect(Array.from(problems.values()).join(" ")).not.toContain("secret");
});

test.each([
  { servers: "lattice.example", about: "not an address" },
  { servers: "nats://lattice.example:4222", about: "ws://" },
  { servers: "wss://u:p@lattice.example", about: "credentials" },
])("$servers is not a server of a browser", ({ servers, about }) => {
  const reading = readJoinForm({ ...fieldsOf({ servers: [] }), servers }, { servers: [] });

  expect("problems" in reading && reading.problems.get("servers")).toContain(about);
});

test.each([
  { servers: "https://lattice.example/nats?jwt=SECRET", shows: "“https://lattice.example/nats…”" },
  { servers: "nats://tab:SECRET@lattice.example", shows: "“nats://…”" },
  { servers: "wss://tab:SEC/RET@lattice.example", shows: "“wss://…”" },
  { servers: "tab:SECRET@lattice.example?x", shows: "“…”" },
])("a problem with $servers shows $shows of it", ({ servers, shows }) => {
  const reading = readJoinForm({ ...fieldsOf({ servers: [] }), servers }, { servers: [] });

  const problem = "problems" in reading && reading.problems.get("servers");
  expect(problem).toContain(shows);
  expect(problem).not.toMatch(/SEC|RET/);
});

test.each([
  { kind: "token" as const, field: "token" as const },
  { kind: "password" as const, field: "user" as const },
  { kind: "creds" as const, field: "creds" as const },
])("$kind without a value is a problem of $field", ({ kind, field }) => {
  const reading = readJoinForm({ ...fieldsOf(BASE), kind }, BASE);

  expect("problems" in reading && reading.problems.has(field)).toBe(true);
});
