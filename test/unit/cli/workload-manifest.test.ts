import { describe, expect, test } from "vitest";
import { readManifest } from "../../../src/cli/workload-manifest.ts";

const DEPLOYMENT = `
apiVersion: runtime.wasmcloud.dev/v1alpha1
kind: WorkloadDeployment
metadata: { name: shop, namespace: market }
spec:
  replicas: 2
  artifacts:
    - name: cart
      artifactFrom: { name: cart-v2 }
  kubernetes: { service: { name: shop } }
  template:
    metadata: { annotations: { team: blue } }
    spec:
      hostSelector: { hostgroup: browser }
      environment: edge
      hostInterfaces:
        - { namespace: wasi, package: http, interfaces: [incoming-handler], config: { host: shop.local } }
        - namespace: wasi
          package: config
          version: 0.2.0-rc.1
          interfaces: [store]
          config: { a: inline, b: inline }
          configFrom: [{ name: values }]
          secretFrom: [{ name: hidden }]
      components:
        - name: cart
          image: artifact://cart
          imagePullSecret: { name: login }
          imagePullPolicy: Always
          poolSize: 3
          maxInvocations: 100
          localResources:
            environment: { config: { MODE: fast }, secretFrom: [{ name: hidden }] }
            volumeMounts: [{ name: scratch, mountPath: /tmp, readOnly: true }]
            allowedHosts: ["*.example.com"]
        - { name: list, image: "registry.example/list:1" }
      service: { image: "registry.example/daily:1", maxRestarts: 5 }
      volumes: [{ name: scratch, ephemeral: {} }, { name: disk, hostPath: { path: /data } }]
---
kind: Artifact
metadata: { name: cart-v2 }
spec: { image: "registry.example/cart:2" }
---
kind: ConfigMap
metadata: { name: values }
data: { b: map, c: map }
---
kind: Secret
metadata: { name: hidden }
data: { c: ${Buffer.from("deep").toString("base64")} }
stringData: { d: open }
---
kind: Secret
metadata: { name: login }
stringData:
  .dockerconfigjson: '{"auths":{"https://registry.example/v1/":{"auth":"${Buffer.from("anna:s3:cret").toString("base64")}"}}}'
`;

describe("a WorkloadDeployment", () => {
  const { placements, ...place } = readManifest(DEPLOYMENT);
  const [first, second] = placements;

  test("says where it may run", () => {
    expect(place).toEqual({
      hostSelector: new Map([["hostgroup", "browser"]]),
      hostId: undefined,
      environment: "edge",
    });
  });

  test("has as many placements as replicas, with ids and names of their own", () => {
    expect(placements.map(({ workload }) => workload.name)).toEqual(["shop-0", "shop-1"]);
    expect(first?.id).toMatch(/^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/);
    expect(second?.id).not.toBe(first?.id);
    expect(readManifest(DEPLOYMENT).placements[0]?.id).toBe(first?.id);
  });

  test("becomes what an operator would send", () => {
    expect(first?.workload).toMatchObject({
      namespace: "market",
      annotations: new Map([["team", "blue"]]),
      service: { image: "registry.example/daily:1", maxRestarts: 5n },
      volumes: [
        { name: "scratch", emptyDir: {} },
        { name: "disk", hostPath: { localPath: "/data" } },
      ],
      witWorld: {
        components: [
          {
            name: "cart",
            image: "registry.example/cart:2",
            imagePullSecret: { username: "anna", password: "s3:cret" },
            imagePullPolicy: "IMAGE_PULL_POLICY_ALWAYS",
            poolSize: 3,
            maxInvocations: 100,
            localResources: {
              environment: new Map([
                ["MODE", "fast"],
                ["c", "deep"],
                ["d", "open"],
              ]),
              volumeMounts: [{ name: "scratch", mountPath: "/tmp", readOnly: true }],
              allowedHosts: ["*.example.com"],
            },
          },
          { name: "list", image: "registry.example/list:1" },
        ],
        hostInterfaces: [
          {
            interfaces: ["incoming-handler"],
            config: new Map([
              ["host", "shop.local"],
              ["host-aliases", "shop.market,shop.market.svc"],
            ]),
          },
          {
            version: "0.2.0-rc.1",
            config: new Map([
              ["a", "inline"],
              ["b", "map"],
              ["c", "deep"],
              ["d", "open"],
            ]),
          },
        ],
      },
    });
  });
});

test("a Workload may name its host", () => {
  const { placements, hostId } = readManifest(
    JSON.stringify({
      kind: "Workload",
      metadata: { name: "one" },
      spec: { hostId: "h-1", components: [{ name: "a", image: "i" }] },
    }),
  );
  expect(hostId).toBe("h-1");
  expect(placements).toMatchObject([
    { workload: { name: "one", namespace: "default", witWorld: { components: [{ name: "a" }] } } },
  ]);
});

test.each([
  {
    given: {
      workloadId: "w-1",
      workload: { name: "one", witWorld: { components: [{ image: "i" }] } },
    },
    id: "w-1",
  },
  {
    given: {
      workload_id: "w-2",
      workload: { name: "one", wit_world: { components: [{ image: "i" }] } },
    },
    id: "w-2",
  },
  {
    given: { name: "one", witWorld: { components: [{ image: "i" }] } },
    id: expect.stringMatching(/^[\da-f-]{36}$/),
  },
])("a request as it goes over the wire is taken: $given", ({ given, id }) => {
  const { placements } = readManifest(JSON.stringify(given));
  expect(placements).toMatchObject([
    { id, workload: { witWorld: { components: [{ image: "i" }] } } },
  ]);
});

const main = (spec: object, more: readonly object[] = []): string =>
  [{ kind: "Workload", metadata: { name: "w" }, spec }, ...more]
    .map((each) => JSON.stringify(each))
    .join("\n---\n");
const component = (given: object): object => ({
  components: [{ name: "a", image: "i", ...given }],
});

test.each([
  ["", "it is empty"],
  ["a: [", "it is neither YAML nor JSON"],
  ["a: 1\na: 2", "it is neither YAML nor JSON"],
  ["kind: ConfigMap\nmetadata: {name: c}", "one WorkloadDeployment or Workload is wanted"],
  ["kind: Workload", '"metadata"'],
  ["workload: {}", "the workload has no name"],
  ["workload: { name: 7 }", '"workload.name"'],
  [main({ components: [{ name: "a" }] }), '"spec.components[0].image"'],
  [main(component({ poolSize: -1 })), '"spec.components[0].poolSize"'],
  [main(component({ imagePullPolicy: "Sometimes" })), "Always, IfNotPresent, Never"],
  [main(component({ image: "artifact://x" })), "it names Artifact/x, which is not in the file"],
  [main(component({ imagePullSecret: { name: "s" } })), "it names Secret/s"],
  [
    main(component({ imagePullSecret: { name: "s" } }), [
      { kind: "Secret", metadata: { name: "s" }, stringData: { ".dockerconfigjson": "no" } },
    ]),
    "Secret/s: its .dockerconfigjson is no JSON",
  ],
  [
    main({ ...component({}), hostInterfaces: [{ namespace: "wasi", package: "x" }] }),
    '"spec.hostInterfaces[0].interfaces"',
  ],
])("what cannot be used is refused, with its place: %#", (source, problem) => {
  expect(() => readManifest(source)).toThrow(problem);
});

test("what is secret is in no error", () => {
  const source = main(component({ imagePullSecret: { name: "s" } }), [
    {
      kind: "Secret",
      metadata: { name: "s" },
      stringData: { ".dockerconfigjson": '{"auths": "hunter2"' },
    },
  ]);
  expect(() => readManifest(source)).toThrow(/^(?!.*hunter2)/s);
});
