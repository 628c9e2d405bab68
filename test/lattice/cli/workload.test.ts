/** `npm run workload` against hosts that answer as those of wasmCloud v2 do, on a real server. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Subscription } from "nats.ws";
import { afterAll, beforeAll, expect, test } from "vitest";

import { ROOT } from "../../../src/cli/project.ts";
import {
  hostHeartbeat,
  type WireState,
  workloadRequest,
  workloadResponse,
  workloadStartRequest,
} from "../../../src/dialects/v2/schema.ts";
import { launchNats, type NatsServer } from "../../support/launch-nats.ts";
import { connectPeer, type NativePeer } from "../../support/native-peer.ts";

const folder = mkdtempSync(join(tmpdir(), "inlay-workload-"));
const file = join(folder, "echo.yaml");
const MANIFEST = `
kind: WorkloadDeployment
metadata: { name: echo }
spec:
  replicas: 2
  template:
    spec:
      hostSelector: { hostgroup: browser }
      components: [{ name: echo, image: "registry.example/echo:1" }]
`;

let server: NatsServer;
let peer: NativePeer;
beforeAll(async () => {
  writeFileSync(file, MANIFEST);
  server = await launchNats();
  peer = await connectPeer(server.ws);
});
afterAll(async () => {
  await peer[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

interface FakeHost extends Disposable {
  /** Ids of what runs. */
  readonly running: Map<string, string>;
}

/** Tells of itself often, so that nobody waits; `states`: what a start, and then each look, says. */
function fakeHost(
  id: string,
  labels: Readonly<Record<string, string>>,
  states: readonly WireState[] = ["WORKLOAD_STATE_RUNNING"],
): FakeHost {
  const running = new Map<string, string>();
  const left = [...states];
  const beat = (): void =>
    peer.nats.publish(
      `runtime.operator.heartbeat.${id}`,
      hostHeartbeat.encode({ id, friendlyName: id, labels: new Map(Object.entries(labels)) }),
    );
  const timer = setInterval(beat, 50);
  const next = (): WireState =>
    (left.length > 1 ? left.shift() : left[0]) ?? "WORKLOAD_STATE_ERROR";
  const answer = (workloadId: string, workloadState: WireState, message = ""): Uint8Array =>
    workloadResponse.encode({ workloadStatus: { workloadId, workloadState, message } });
  const subscribe = (command: string, reply: (data: Uint8Array) => Uint8Array): Subscription =>
    peer.nats.subscribe(`runtime.host.${id}.workload.${command}`, {
      callback: (_, message) => void message.respond(reply(message.data)),
    });
  const subscriptions = [
    subscribe("start", (data) => {
      const { workloadId, workload } = workloadStartRequest.decode(data);
      running.set(workloadId, workload?.name ?? "");
      return answer(workloadId, next(), "as it is");
    }),
    subscribe("status", (data) => {
      const { workloadId } = workloadRequest.decode(data);
      const state = running.has(workloadId) ? next() : "WORKLOAD_STATE_NOT_FOUND";
      return answer(workloadId, state);
    }),
    subscribe("stop", (data) => {
      const { workloadId } = workloadRequest.decode(data);
      const was = running.delete(workloadId);
      return answer(workloadId, was ? "WORKLOAD_STATE_STOPPING" : "WORKLOAD_STATE_NOT_FOUND");
    }),
  ];
  return {
    running,
    [Symbol.dispose]() {
      clearInterval(timer);
      for (const each of subscriptions) each.unsubscribe();
    },
  };
}

interface Ended {
  readonly code: unknown;
  readonly outcomes: readonly Readonly<Record<string, string>>[];
  readonly stderr: string;
}

async function workload(...args: readonly string[]): Promise<Ended> {
  const all = ["--import", "tsx", "src/cli/workload.ts", ...args, "--json", "--servers", server.ws];
  const program = spawn(process.execPath, all, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  const [[code], stdout, stderr] = await Promise.all([
    once(program, "close"),
    text(program.stdout),
    text(program.stderr),
  ]);
  const lines = stdout.split("\n").filter((line) => line !== "");
  return { code, stderr, outcomes: lines.map((line) => JSON.parse(line)) };
}

test("replicas go to the hosts that fit, are found there, and are stopped", async () => {
  using one = fakeHost("host-1", { hostgroup: "browser" });
  using two = fakeHost("host-2", { hostgroup: "browser" });
  using other = fakeHost("host-3", { hostgroup: "default" });

  const started = await workload("start", file);
  expect(started.stderr).toBe("");
  expect(started.code).toBe(0);
  expect(started.outcomes).toMatchObject([
    { name: "echo-0", workloadState: "WORKLOAD_STATE_RUNNING", message: "as it is" },
    { name: "echo-1", workloadState: "WORKLOAD_STATE_RUNNING" },
  ]);
  expect([...one.running.values(), ...two.running.values()].toSorted()).toEqual([
    "echo-0",
    "echo-1",
  ]);
  expect([one.running.size, two.running.size, other.running.size]).toEqual([1, 1, 0]);

  const looked = await workload("status", file);
  expect(looked.code).toBe(0);
  expect(new Set(looked.outcomes.map(({ host }) => host))).toEqual(new Set(["host-1", "host-2"]));

  const stopped = await workload("stop", file);
  expect(stopped.code).toBe(0);
  expect(stopped.outcomes.map(({ workloadState }) => workloadState)).toEqual([
    "WORKLOAD_STATE_STOPPING",
    "WORKLOAD_STATE_STOPPING",
  ]);
  expect([one.running.size, two.running.size]).toEqual([0, 0]);
});

test("a start that lasts is waited for, and one that fails is told with an exit code", async () => {
  const starting = "WORKLOAD_STATE_STARTING";
  using late = fakeHost("late", {}, [starting, starting, "WORKLOAD_STATE_RUNNING"]);
  using broken = fakeHost("broken", {}, ["WORKLOAD_STATE_ERROR"]);
  const [good, bad] = await Promise.all([
    workload("start", file, "--host", "late"),
    workload("start", file, "--host", "broken"),
  ]);
  expect(good.code).toBe(0);
  expect(good.outcomes).toMatchObject([
    { workloadState: "WORKLOAD_STATE_RUNNING", host: "late" },
    { workloadState: "WORKLOAD_STATE_RUNNING", host: "late" },
  ]);
  expect(bad.code).toBe(1);
  expect(bad.outcomes[0]).toMatchObject({ workloadState: "WORKLOAD_STATE_ERROR", host: "broken" });
  expect([late.running.size, broken.running.size]).toEqual([2, 2]);
});

test("what is not there, and what cannot be used, is told", async () => {
  using host = fakeHost("empty", {});
  const [absent, nobody, unusable] = await Promise.all([
    workload("status", file, "--host", "empty"),
    workload("status", file, "--host", "nobody"),
    workload("start", join(folder, "none.yaml")),
  ]);
  expect(absent.code).toBe(1);
  expect(absent.outcomes).toMatchObject([
    { workloadState: "WORKLOAD_STATE_NOT_FOUND", message: "this host does not have it" },
    { workloadState: "WORKLOAD_STATE_NOT_FOUND" },
  ]);
  expect(nobody.code).toBe(1);
  expect(nobody.stderr).toContain("not-served: nobody answers runtime.host.nobody.workload.status");
  expect(unusable.code).toBe(2);
  expect(unusable.stderr).toContain("bad-input");
  expect(host.running.size).toBe(0);
});
