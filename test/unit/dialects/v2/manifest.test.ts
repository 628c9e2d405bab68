/** Workloads as operators send them, as sets that a host starts. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Draft } from "../../../../src/wire/protojson.ts";

import { readManifest } from "../../../../src/dialects/v2/manifest.ts";
import { type WireStart, workloadStartRequest } from "../../../../src/dialects/v2/schema.ts";

interface VectorFile {
  readonly vectors: readonly { readonly id: string; readonly jsonUtf8: string }[];
}

const file: VectorFile = JSON.parse(
  readFileSync(new URL("../../../vectors/runtime-v2.json", import.meta.url), "utf8"),
);

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function vector(id: string): Uint8Array {
  const found = file.vectors.find((each) => each.id === id);
  if (found === undefined) throw new Error(`no vector ${id}`);
  return bytes(found.jsonUtf8);
}

/** What is absent is as the wire has it absent. */
function read(draft: Draft<WireStart>) {
  return readManifest(workloadStartRequest.decode(workloadStartRequest.encode(draft)));
}

test("the smallest workload", () => {
  const spec = readManifest(workloadStartRequest.decode(vector("start-messaging-minimal")));

  expect(spec).toEqual({
    id: "2f6f3c1a-9d0b-4f7e-8a55-5b1f0c9d7e42",
    namespace: "default",
    name: "echo-7f9c",
    annotations: new Map(),
    members: [
      {
        name: "echo",
        image: { reference: "ghcr.io/acme/echo:1.0.0", pull: "if-not-present" },
        resources: { config: new Map(), environment: new Map(), mounts: [], allowedHosts: [] },
        poolSize: 0,
        maxInvocations: 0,
        maxConcurrency: 1,
      },
    ],
    service: undefined,
    interfaces: [
      {
        namespace: "wasmcloud",
        package: "messaging",
        version: "0.2.0",
        interfaces: ["consumer", "handler", "types"],
        config: new Map([["subscriptions", "demo.echo"]]),
        name: undefined,
      },
    ],
    volumes: [],
  });
});

test("a workload with everything", () => {
  const spec = readManifest(workloadStartRequest.decode(vector("start-full")));

  expect(spec.members).toMatchObject([
    {
      name: "api",
      image: {
        reference: "ghcr.io/acme/shop-api:2.0.0",
        credentials: { username: "bot", password: "s3cret" },
        pull: "if-not-present",
      },
      resources: {
        config: new Map([["subscriptions", "shop.orders,shop.refunds"]]),
        environment: new Map([["TZ", "UTC"]]),
        mounts: [
          { volume: "cache", path: "/cache", readOnly: false },
          { volume: "assets", path: "/assets", readOnly: true },
        ],
        allowedHosts: ["https://api.example.com", "*.internal.example:8443"],
      },
      poolSize: 4,
      maxInvocations: 1000,
      maxConcurrency: 8,
    },
    { name: "pricing" },
  ]);
  expect(spec.service).toMatchObject({
    image: { reference: "ghcr.io/acme/shop-service:2.0.0", pull: "always" },
    maxRestarts: 3,
  });
  expect(spec.interfaces[1]).toMatchObject({ package: "keyvalue", name: "cache" });
  expect(spec.volumes.map(({ name }) => name)).toContain("cache");
});

test("limits below what they can mean are none", () => {
  const component = { name: "a", image: "a", poolSize: -1, maxInvocations: -5, maxConcurrency: -1 };

  const { members } = read({
    workloadId: "w",
    workload: { witWorld: { components: [component] } },
  });

  expect(members[0]).toMatchObject({ poolSize: 0, maxInvocations: 0, maxConcurrency: 1 });
});

test("restarts without end are as many as can be counted", () => {
  const service = { image: "a", maxRestarts: 2n ** 64n - 1n };

  expect(read({ workloadId: "w", workload: { service } }).service?.maxRestarts).toBe(
    Number.MAX_SAFE_INTEGER,
  );
});

test("components without a name, as operators before 2.0 send them, have one each", () => {
  const components = [{ image: "a" }, { image: "b" }];

  const { members } = read({ workloadId: "w", workload: { witWorld: { components } } });

  expect(members.map(({ name }) => name)).toEqual(["component-0", "component-1"]);
});

test.each([
  { version: "", is: undefined },
  { version: "0.2", is: undefined },
  { version: "latest", is: undefined },
  { version: "0.2.0-draft", is: "0.2.0-draft" },
  { version: "1.2.3-rc.1+build.5", is: "1.2.3-rc.1+build.5" },
])("version $version of an interface means $is", ({ version, is }) => {
  const entry = { namespace: "wasi", package: "keyvalue", version, interfaces: ["store"] };

  const { interfaces } = read({
    workloadId: "w",
    workload: { witWorld: { hostInterfaces: [entry] } },
  });

  expect(interfaces[0]?.version).toBe(is);
});

test("a volume without a kind is an empty one, and one of the machine says so", () => {
  const volumes = [{ name: "a" }, { name: "b", emptyDir: {} }, { name: "c", hostPath: {} }];

  expect(read({ workloadId: "w", workload: { volumes } }).volumes).toEqual([
    { name: "a", kind: "empty" },
    { name: "b", kind: "empty" },
    { name: "c", kind: "host-path" },
  ]);
});

const component = { name: "api", image: "a" };
/** A workload of one component that may reach these by sockets. */
const reaching = (localResources: {
  readonly allowedIpNameLookups?: readonly string[];
  readonly allowedHostLoopbackPorts?: readonly string[];
}): Draft<WireStart> => ({
  workloadId: "w",
  workload: { witWorld: { components: [{ ...component, localResources }] } },
});

test("what sockets may reach is read and left, since there are none", () => {
  const { members } = read(
    reaching({
      allowedIpNameLookups: ["*", " *.Example.com ", "db.internal.", "127.0.0.1", "::1"],
      allowedHostLoopbackPorts: ["5432", "5432/TCP", " 53 / udp "],
    }),
  );

  expect(members[0]?.resources).toEqual({
    config: new Map(),
    environment: new Map(),
    mounts: [],
    allowedHosts: [],
  });
});

test.each([
  "",
  "*foo",
  "a.*.b",
  "*.",
  "https://a.example",
  "a.example:53",
  "a/b",
  "ü.example",
  "[::1]",
  "*.::1",
  "1:2",
  "::1]/x:[",
  "::1]:80/[",
  "::1%eth0",
  "::\t1",
  "-a.example",
])("no name lookup: %j", (entry) => {
  expect(() => read(reaching({ allowedIpNameLookups: ["ok.example", entry] }))).toThrow(
    "invalid local_resources for component 'api': invalid allowed_ip_name_lookups: " +
      `${JSON.stringify(entry)} `,
  );
});

test.each(["", "5000-6000", "*", "postgres", "0", "70000", "53/sctp", "53/", "/tcp"])(
  "no port of the machine: %j",
  (entry) => {
    expect(() => read(reaching({ allowedHostLoopbackPorts: [entry, "1/udp"] }))).toThrow(
      `invalid allowed_host_loopback_ports: ${JSON.stringify(entry)} is no port`,
    );
  },
);

test("a list of what sockets may reach has an end, and so has what is said of it", () => {
  const many = (count: number) => reaching({ allowedIpNameLookups: Array(count).fill("!") });

  expect(() => read(many(257))).toThrow("257 entries, and 256 at most");
  expect(() => read(many(256))).toThrow(/^.{1,900}$/s);
});
const entry = { namespace: "wasi", package: "http", interfaces: ["incoming-handler"] };

test.each<{ readonly problem: string; readonly start: Draft<WireStart> }>([
  { problem: `"workloadId" must be there`, start: { workload: {} } },
  { problem: `"workloadId" must have 128 letters at most`, start: { workloadId: "a".repeat(129) } },
  { problem: `"workload" must be there`, start: { workloadId: "w" } },
  {
    problem: `"workload.witWorld.hostInterfaces[1].namespace" must be there`,
    start: {
      workloadId: "w",
      workload: { witWorld: { hostInterfaces: [entry, { ...entry, namespace: "" }] } },
    },
  },
  {
    problem: `"workload.witWorld.hostInterfaces[0].package" must be there`,
    start: {
      workloadId: "w",
      workload: { witWorld: { hostInterfaces: [{ ...entry, package: "" }] } },
    },
  },
  ...["ü.example", "a b", "*.example", "shop.example:80", "a".repeat(64)].map((host) => ({
    problem: `"workload.witWorld.hostInterfaces[1].config.host" must be a host name`,
    start: {
      workloadId: "w",
      workload: {
        witWorld: {
          hostInterfaces: [
            { ...entry, interfaces: ["outgoing-handler"], config: new Map([["host", host]]) },
            { ...entry, config: new Map([["host", host]]) },
          ],
        },
      },
    },
  })),
  {
    problem: `"workload.volumes[0].name" must be there`,
    start: { workloadId: "w", workload: { volumes: [{ emptyDir: {} }] } },
  },
  {
    problem: `"workload.volumes[0]" must be hostPath or emptyDir, not both`,
    start: { workloadId: "w", workload: { volumes: [{ name: "a", hostPath: {}, emptyDir: {} }] } },
  },
  {
    problem: `invalid local_resources for component 'api': allowed hosts: "*foo" must`,
    start: {
      workloadId: "w",
      workload: {
        witWorld: {
          components: [
            { ...component, localResources: { allowedHosts: ["*foo", "*.ok.example", "a b"] } },
          ],
        },
      },
    },
  },
  {
    problem: `"a b" is no host`,
    start: {
      workloadId: "w",
      workload: { service: { image: "a", localResources: { allowedHosts: ["*", "a b"] } } },
    },
  },
])("refused: $problem", ({ problem, start }) => {
  expect(() => read(start)).toThrow(problem);
});
