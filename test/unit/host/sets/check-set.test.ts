import { expect, test } from "vitest";

import type { WorkloadSetSpec } from "../../../../src/core/workload-set.ts";

import { checkSet } from "../../../../src/host/sets/check-set.ts";
import { entryOf, memberOf, serviceOf, setOf } from "../../../support/sets.ts";

const data = { name: "data", kind: "empty" } as const;
const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const mounting = (volume: string, path: string) =>
  memberOf("web", { resources: { mounts: [{ volume, path, readOnly: false }] } });

test("a set with all that there is passes", () => {
  const spec = setOf([mounting("data", "/data"), "other"], {
    service: serviceOf("clock"),
    volumes: [data],
    interfaces: [entryOf("wasi:keyvalue", ["store"])],
  });

  expect(() => checkSet(spec)).not.toThrow();
});

test.each(["/", "/data", "/data/", "/var/lib/a b", "/...", "/.hidden", "/a/..b"])(
  "a volume may be mounted at %s",
  (path) => {
    expect(() => checkSet(setOf([mounting("data", path)], { volumes: [data] }))).not.toThrow();
  },
);

const long = "x".repeat(70_000);
const refused: readonly { readonly spec: WorkloadSetSpec; readonly error: string }[] = [
  { spec: setOf([]), error: "it has no components" },
  { spec: setOf(["web", "web"]), error: "two components are named 'web'" },
  {
    spec: setOf(["service"], { service: serviceOf("clock") }),
    error: "component 'service' has the name that the service goes by",
  },
  {
    spec: setOf([memberOf("a", { image: { reference: "" } })]),
    error: "component 'a' has no image",
  },
  { spec: setOf([], { service: serviceOf("") }), error: "the service has no image" },
  {
    spec: setOf(["web"], { volumes: [{ name: "disk", kind: "host-path" }] }),
    error: "volume 'disk' is a host path, which a browser does not have: use emptyDir",
  },
  { spec: setOf(["web"], { volumes: [data, data] }), error: "two volumes are named 'data'" },
  {
    spec: setOf([mounting("disk", "/data")], { volumes: [data] }),
    error: "volumeMounts[0] of component 'web' names 'disk', which is no volume of the workload",
  },
  ...["", "data", "/data/../etc", "/./data", "//data", "/..", "/a//b"].map((path) => ({
    spec: setOf([mounting("data", path)], { volumes: [data] }),
    error: `mountPath of volumeMounts[0] of component 'web' is '${path}', which is no absolute path`,
  })),
  {
    spec: setOf(
      [
        memberOf("web", {
          resources: {
            mounts: [
              { volume: "data", path: "/data", readOnly: false },
              { volume: "data", path: "/data/", readOnly: true },
            ],
          },
        }),
      ],
      { volumes: [data] },
    ),
    error: "mountPath of volumeMounts[1] of component 'web' is '/data/', as that of another one",
  },
  {
    spec: setOf(["web"], { interfaces: [entryOf("wasi:keyvalue", [])] }),
    error: "host interface wasi:keyvalue names no interfaces",
  },
  { spec: setOf(many(65, (index) => `m${index}`)), error: "members: 65, and 64 at most" },
  {
    spec: setOf(
      many(64, (index) => `m${index}`),
      { service: serviceOf("clock") },
    ),
    error: "members: 65, and 64 at most",
  },
  {
    spec: setOf(["web"], { interfaces: many(65, () => entryOf("wasi:keyvalue", ["store"])) }),
    error: "host interfaces: 65, and 64 at most",
  },
  {
    spec: setOf(["web"], { annotations: new Map([["a", long]]) }),
    error: "annotations of 70001 characters: 65536 at most",
  },
  {
    spec: setOf([memberOf("web", { resources: { environment: new Map([["A", long]]) } })]),
    error: "environment of component 'web' of 70001 characters: 65536 at most",
  },
  {
    spec: setOf([memberOf("web", { resources: { allowedHosts: many(257, String) } })]),
    error: "allowed hosts of component 'web': 257, and 256 at most",
  },
  {
    spec: setOf([memberOf("web", { resources: { allowedHosts: ["a".repeat(254)] } })]),
    error: "an allowed host of component 'web' has 254 letters, and 253 at most",
  },
  {
    spec: setOf(["web"], { interfaces: [entryOf("wasi:keyvalue", ["s".repeat(254)])] }),
    error: "a word of a host interface has 254 letters, and 253 at most",
  },
  {
    spec: setOf([memberOf("web", { image: { reference: "x".repeat(5000) } })]),
    error: "image reference of 5000 characters",
  },
];

test.each(refused)("$error", ({ spec, error }) => {
  expect(() => checkSet(spec)).toThrow(error);
});
