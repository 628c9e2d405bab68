/**
 * Our node as an operator of wasmCloud v2 sees it: heard and asked by Go's `protojson`, which refuses a whole message for one
 * unknown field, and held to Kubernetes' own rules for the names and labels of objects.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunOptions } from "../../src/core/runtime.ts";
import type { LatticeHost } from "../support/lattice-host.ts";
import type { NatsServer } from "../support/launch-nats.ts";
import type { LocalComponent } from "../support/local-runtime.ts";

import { startHost } from "../support/lattice-host.ts";
import { launchNats } from "../support/launch-nats.ts";
import { localRuntime } from "../support/local-runtime.ts";
import { worldOf } from "../support/sets.ts";
import { type OperatorPeer, startOperatorPeer, type Told } from "./support/operator-peer.ts";

const TALLY = "demo:count/tally@1.0.0";
const WIT = `
package demo:count@1.0.0 { interface tally { next: func(word: string) -> u64; } }
package wasmcloud:postgres@0.1.1 { interface query { ask: func(text: string) -> string; } }
package wasi:cli@0.2.0 { interface run { run: func() -> result; } }
`;
const TAB = { id: "7b1f8d2e-4c53-4a0e-9b5f-0d6c1c2a9e11", hostGroup: "go" };

const ran: RunOptions[] = [];
let serviceRuns = 0;
const counter: LocalComponent = {
  world: worldOf(WIT, { exports: [TALLY] }),
  functions: { [`${TALLY}#next`]: () => 1n },
  onRun: (options) => void ran.push(options),
};
/** Ends well when it is called once more. */
const job: LocalComponent = {
  world: worldOf(WIT, { exports: ["wasi:cli/run@0.2.0"] }),
  functions: {
    "wasi:cli/run@0.2.0#run": () => ({ tag: ++serviceRuns === 1 ? "err" : "ok", val: undefined }),
  },
};
/** Imports what no tab has. */
const clerk: LocalComponent = {
  world: worldOf(WIT, { imports: ["wasmcloud:postgres/query@0.1.1"], exports: [TALLY] }),
  functions: {},
};
const runtime = {
  ...localRuntime({
    "example/counter:1": counter,
    "example/job:1": job,
    "example/clerk:1": clerk,
  }),
  openVolume: async (name: string) => ({
    name,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }),
};

let server: NatsServer;
let peer: OperatorPeer;
let node: LatticeHost;
beforeAll(async () => {
  server = await launchNats();
  peer = await startOperatorPeer(server.nats);
  node = await startHost(
    { url: server.ws },
    {
      labels: { zone: "kitchen", "not a label": "x" },
      parts: { runtime },
      v2: {
        name: "Küchen-Tab 7",
        operator: { ...TAB, environment: "edge", hostname: "10.0.0.7", httpPort: 8000 },
      },
    },
  );
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await peer[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const command = (name: string, request?: object): Promise<Told> =>
  peer.command(TAB.id, name, request);
const status = (workloadId: string, state: string, message: unknown): object => ({
  workloadStatus: { workloadId, workloadState: `WORKLOAD_STATE_${state}`, message },
});

test("is heard of, with a name and labels that Kubernetes takes", async () => {
  const heard = await peer.heartbeat(TAB.id);

  expect(heard.problem).toBeUndefined();
  expect(heard.message).toMatchObject({
    id: TAB.id,
    hostname: "10.0.0.7",
    labels: { hostgroup: "go", zone: "kitchen" },
    httpPort: 8000,
    environment: "edge",
  });
});

test("answers an operator that asks for its heartbeat", async () => {
  const { message, problem } = await command("heartbeat");
  const heard = await peer.heartbeat(TAB.id);

  expect(problem).toBeUndefined();
  expect(message).toEqual(heard.message);
});

test("runs a workload with all that a manifest may have, and stops it", async () => {
  const workloadId = "2f6f3c1a-9d0b-4f7e-8a55-5b1f0c9d7e42";
  const { sent, message, problem } = await command("workload.start", {
    workloadId,
    workload: {
      namespace: "default",
      name: "everything-7f9c",
      annotations: { "example.com/note": "Gö 🌍" },
      service: { image: "example/job:1", maxRestarts: 3, imagePullPolicy: 3 },
      volumes: [{ name: "scratch", emptyDir: {} }, { name: "neither" }],
      witWorld: {
        components: [
          {
            name: "counter",
            image: "example/counter:1",
            poolSize: 2,
            maxInvocations: 5,
            maxConcurrency: -1,
            imagePullPolicy: "IMAGE_PULL_POLICY_ALWAYS",
            imagePullSecret: { username: "robot", password: "s3cret" },
            localResources: {
              memoryLimitMb: 64,
              cpuLimit: -1,
              config: { greeting: "hello" },
              environment: { MODE: "test" },
              volumeMounts: [{ name: "scratch", mountPath: "/tmp", readOnly: true }],
              allowedHosts: ["example.com"],
              allowedIpNameLookups: ["example.com"],
              allowedHostLoopbackPorts: ["8080"],
            },
          },
        ],
        hostInterfaces: [{ namespace: "wasi", package: "logging", interfaces: ["logging"] }],
      },
    },
  });
  const [set] = node.host.sets();
  const running = await command("workload.status", { workloadId });
  const { message: heartbeat } = await command("heartbeat");

  // What Go writes: 64 bits as a text, enums by name, a kind of a volume that has nothing to say.
  expect(JSON.parse(String(sent))).toMatchObject({
    workload: {
      service: { maxRestarts: "3", imagePullPolicy: "IMAGE_PULL_POLICY_NEVER" },
      volumes: [{ name: "scratch", emptyDir: {} }, { name: "neither" }],
      witWorld: { components: [{ poolSize: 2, maxConcurrency: -1 }] },
    },
  });
  expect(problem).toBeUndefined();
  expect(message).toEqual(status(workloadId, "RUNNING", "Workload started successfully"));
  expect(set?.spec).toEqual({
    id: workloadId,
    namespace: "default",
    name: "everything-7f9c",
    annotations: new Map([["example.com/note", "Gö 🌍"]]),
    members: [
      {
        name: "counter",
        image: {
          reference: "example/counter:1",
          pull: "always",
          credentials: { username: "robot", password: "s3cret" },
        },
        poolSize: 2,
        maxInvocations: 5,
        maxConcurrency: 1,
        resources: {
          config: new Map([["greeting", "hello"]]),
          environment: new Map([["MODE", "test"]]),
          mounts: [{ volume: "scratch", path: "/tmp", readOnly: true }],
          allowedHosts: ["example.com"],
        },
      },
    ],
    service: {
      image: { reference: "example/job:1", pull: "never" },
      maxRestarts: 3,
      resources: { config: new Map(), environment: new Map(), mounts: [], allowedHosts: [] },
    },
    interfaces: [
      {
        namespace: "wasi",
        package: "logging",
        version: undefined,
        interfaces: ["logging"],
        config: new Map(),
        name: undefined,
      },
    ],
    volumes: [
      { name: "scratch", kind: "empty" },
      { name: "neither", kind: "empty" },
    ],
  });
  expect(ran[0]).toMatchObject({
    environment: new Map([["MODE", "test"]]),
    mounts: [{ path: "/tmp", readOnly: true, volume: { name: "scratch" } }],
    kept: { instances: 2, maxCalls: 5 },
  });
  expect(running.message).toEqual(status(workloadId, "RUNNING", "Workload is Running"));
  expect(heartbeat).toMatchObject({ workloadCount: "1" });
  await expect.poll(() => serviceRuns).toBe(2);

  const stopped = await command("workload.stop", { workloadId });
  const gone = await command("workload.status", { workloadId });

  expect(stopped.message).toEqual(status(workloadId, "STOPPING", "Workload stopped successfully"));
  expect(gone.message).toEqual(status(workloadId, "NOT_FOUND", "Workload not found"));
});

const component = { name: "counter", image: "example/counter:1" };
test.each([
  {
    what: "a host path",
    workload: {
      volumes: [{ name: "etc", hostPath: { localPath: "/etc" } }],
      witWorld: { components: [component] },
    },
    message: /host path/,
  },
  {
    what: "an image that is not there",
    workload: { witWorld: { components: [{ name: "gone", image: "example/gone:1" }] } },
    message: /failed to pull image for component 'gone'/,
  },
  {
    what: "an interface that nobody provides",
    workload: {
      witWorld: {
        components: [{ name: "clerk", image: "example/clerk:1" }],
        hostInterfaces: [{ namespace: "wasmcloud", package: "postgres", interfaces: ["query"] }],
      },
    },
    message: /not available on this host: wasmcloud:postgres/,
  },
  { what: "no components", workload: {}, message: /no components/ },
])("declines $what, with a message that Go can read", async ({ workload, message }) => {
  const workloadId = crypto.randomUUID();

  const started = await command("workload.start", { workloadId, workload });
  const after = await command("workload.status", { workloadId });
  await command("workload.stop", { workloadId });

  expect(started.problem).toBeUndefined();
  expect(started.message).toEqual(status(workloadId, "ERROR", expect.stringMatching(message)));
  expect(after.message).toMatchObject(status(workloadId, "ERROR", expect.any(String)));
  expect(node.host.sets()).toEqual([]);
});

test("answers a second start of what runs, and stops of what does not", async () => {
  const again = { workloadId: "twice", workload: { witWorld: { components: [component] } } };
  await command("workload.start", again);

  const second = await command("workload.start", again);
  const stopped = await command("workload.stop", { workloadId: "twice" });
  const absent = await command("workload.stop", { workloadId: "twice" });

  expect(second.message).toEqual(
    status("twice", "ERROR", expect.stringContaining("already exists")),
  );
  expect(stopped.message).toMatchObject(status("twice", "STOPPING", expect.any(String)));
  expect(absent.message).toEqual(status("twice", "NOT_FOUND", "Workload not found"));
});

test("a host that has left is nobody to ask", async () => {
  const other = await startHost({ url: server.ws }, { v2: { operator: { id: "leaver" } } });
  await peer.heartbeat("leaver");
  await other[Symbol.asyncDispose]();

  const { problem } = await peer.command("leaver", "heartbeat");

  expect(problem).toBe("nats: no responders available for request");
});

test("no message of it was refused", () => {
  const heartbeats = peer.heartbeats();

  expect(heartbeats.length).toBeGreaterThan(1);
  expect(heartbeats.filter(({ problem }) => problem !== undefined)).toEqual([]);
});
