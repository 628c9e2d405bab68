/** An operator's commands, their answers to the byte, and the heartbeats between them. */
import { describe, expect, test } from "vitest";

import { createMemoryLattice } from "../../../../src/bus/memory.ts";
import { latticeId } from "../../../../src/core/ids.ts";
import { createV2, type V2Options } from "../../../../src/dialects/v2/index.ts";
import { hostIdOf } from "../../../../src/wire/nkey-public.ts";
import { fakeClock } from "../../../support/fake-clock.ts";
import { recordLog } from "../../../support/log-recorder.ts";
import { shows } from "../../../support/protocol-rows.ts";
import { createSetHost } from "../../../support/set-host.ts";

const NKEY = hostIdOf(new Uint8Array(32).map((_, index) => index * 7));
const ID = "00070e15-1c23-4a31-b83f-464d545b6269";
const W = "2f6f3c1a-9d0b-4f7e-8a55-5b1f0c9d7e42";
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const START = {
  workloadId: W,
  workload: { name: "echo", witWorld: { components: [{ name: "echo", image: "a" }] } },
};

async function setUp(options: V2Options = {}) {
  const lattice = createMemoryLattice();
  const bus = lattice.connect();
  const operator = lattice.connect();
  const clock = fakeClock(Date.UTC(2026, 7, 12, 9, 30));
  const recorded = recordLog();
  const ended = new AbortController();
  const host = createSetHost({
    labels: new Map([
      ["hostcore.os", "browser"],
      ["rack", "no 7"],
    ]),
  });
  const heartbeats: unknown[] = [];
  operator.subscribe("runtime.operator.heartbeat.>", ({ subject, data }) => {
    expect(subject).toBe(`runtime.operator.heartbeat.${options.operator?.id ?? ID}`);
    heartbeats.push(JSON.parse(new TextDecoder().decode(data)));
  });
  const dialect = createV2(
    { control: bus, rpc: bus, lattice: latticeId("default"), host: NKEY, clock, log: recorded.log },
    options,
    ended.signal,
  );
  await dialect.obey(host, ended.signal);
  const settle = () => operator.flush(AbortSignal.timeout(5000));
  await expect.poll(() => heartbeats.length).toBe(1);
  return {
    bus,
    operator,
    clock,
    host,
    dialect,
    heartbeats,
    log: recorded.entries,
    end: () => ended.abort(),
    settle,
    /** The answer, or `undefined` if there is none. */
    ask: async (command: string, body: unknown): Promise<unknown> => {
      const inbox = operator.newInbox();
      let answer: unknown;
      operator.subscribe(inbox, ({ data }) => {
        answer = JSON.parse(new TextDecoder().decode(data));
      });
      const data = bytes(typeof body === "string" ? body : JSON.stringify(body));
      operator.publish(`runtime.host.${ID}.${command}`, data, { reply: inbox });
      // All that answers at once has done so before this many turns of the bus are over.
      for (let turn = 0; turn < 5; turn++) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await settle();
      }
      return answer;
    },
  };
}

const status = (state: string, message: string, workloadId = W) => ({
  workloadStatus: { workloadId, workloadState: `WORKLOAD_STATE_${state}`, message },
});

describe("heartbeats", () => {
  test("the first is told at once, with just what there is to say", async () => {
    shows("v2, operator: heartbeat", "v2, operator: identity");
    const { heartbeats } = await setUp();

    expect(heartbeats).toEqual([
      {
        id: ID,
        hostname: "browser-00070e151c23",
        friendlyName: "inlay-00070e151c23",
        version: "0.1.0",
        labels: { hostgroup: "browser", "hostcore.os": "browser" },
        startedAt: "2026-08-12T09:30:00Z",
        osArch: "wasm32",
        osName: "browser",
        osKernel: "web",
        imports: [{ namespace: "wasi", package: "keyvalue", interfaces: ["store"] }],
        exports: [
          {
            namespace: "wasmcloud",
            package: "messaging",
            version: "0.2.0",
            interfaces: ["handler"],
          },
        ],
      },
    ]);
  });

  test("options are told where they are given", async () => {
    const { heartbeats } = await setUp({
      name: "till-7",
      operator: {
        id: "till",
        hostGroup: "tills",
        environment: "edge-eu",
        hostname: "gate.example",
        httpPort: 8080,
      },
    });

    expect(heartbeats[0]).toMatchObject({
      id: "till",
      friendlyName: "till-7",
      hostname: "gate.example",
      httpPort: 8080,
      environment: "edge-eu",
      labels: { hostgroup: "tills" },
    });
  });

  test("one each 15 s, with what runs by then", async () => {
    const { clock, ask, heartbeats, settle } = await setUp();
    await ask("workload.start", START);

    clock.advance(14_999);
    await settle();
    const early = heartbeats.length;
    clock.advance(1);
    await expect.poll(() => heartbeats.length).toBe(2);
    clock.advance(15_000);
    await expect.poll(() => heartbeats.length).toBe(3);

    expect(early).toBe(1);
    expect(heartbeats[2]).toMatchObject({ componentCount: "1", workloadCount: "1" });
  });

  test("one at once when a connection is back, none while it is lost, none after the end", async () => {
    shows("v2, operator: after a reconnect");
    const { bus, clock, heartbeats, settle, log, end } = await setUp();

    bus.cut();
    clock.advance(60_000);
    await settle();
    const lost = heartbeats.length;
    bus.restore();
    await expect.poll(() => heartbeats.length).toBe(2);
    end();
    clock.advance(60_000);
    await settle();

    expect(lost).toBe(1);
    expect(heartbeats.length).toBe(2);
    expect(log.filter(({ event }) => event === "operator.untold")).toEqual([]);
  });

  test("whoever asks is given one, whatever the question says", async () => {
    shows("v2, operator: runtime.host.{id}.heartbeat");
    const { ask, heartbeats } = await setUp();

    expect(await ask("heartbeat", "{}")).toEqual(heartbeats[0]);
    expect(await ask("heartbeat", "")).toEqual(heartbeats[0]);
    expect(await ask("heartbeat", "no JSON")).toEqual(heartbeats[0]);
  });
});

describe("workload.start", () => {
  test("is answered when the workload runs", async () => {
    shows("v2, operator: workload.start");
    const { ask, host } = await setUp();

    expect(await ask("workload.start", START)).toEqual(
      status("RUNNING", "Workload started successfully"),
    );
    expect(host.started.get(W)).toMatchObject({ name: "echo", members: [{ name: "echo" }] });
  });

  test("says why it failed", async () => {
    const { ask, host } = await setUp();
    const message = "failed to pull image for component 'echo': not found";
    host.turn(W, { phase: "failed", message });

    expect(await ask("workload.start", START)).toEqual(status("ERROR", message));
  });

  test("of an id that is there is refused", async () => {
    shows("v2, operator: start of a known id");
    const { ask, host } = await setUp();
    await ask("workload.start", START);

    const again = await ask("workload.start", { ...START, workload: { name: "other" } });

    expect(again).toEqual(status("ERROR", `workload ${W} already exists`));
    expect(host.started.get(W)?.name).toBe("echo");
  });

  test("that takes long is answered after 45 s, and goes on", async () => {
    shows("v2, operator: slow starts");
    const { ask, clock, host, operator } = await setUp();
    const release = host.hold();
    const answers: string[] = [];
    operator.subscribe("late", ({ data }) => answers.push(new TextDecoder().decode(data)));
    operator.publish(`runtime.host.${ID}.workload.start`, bytes(JSON.stringify(START)), {
      reply: "late",
    });
    await expect.poll(() => host.started.size).toBe(1);
    host.turn(W, { phase: "starting", message: "Workload is Starting" });

    const meanwhile = await ask("workload.status", { workloadId: W });
    const second = await ask("workload.start", START);
    clock.advance(44_999);
    const early = answers.length;
    clock.advance(1);
    await expect.poll(() => answers.length).toBe(1);
    host.turn(W, { phase: "running", message: "Workload is Running" });
    release();

    expect(meanwhile).toEqual(status("STARTING", "Workload is Starting"));
    expect(second).toMatchObject({
      workloadStatus: { message: expect.stringContaining("already exists") },
    });
    expect(early).toBe(0);
    expect(JSON.parse(answers[0] ?? "")).toEqual(status("STARTING", "Workload is Starting"));
    expect(await ask("workload.status", { workloadId: W })).toEqual(
      status("RUNNING", "Workload is Running"),
    );
  });

  test("of another workload does not wait for one that takes long", async () => {
    shows("v2, operator: commands at once");
    const { ask, host } = await setUp();
    host.hold();
    const first = ask("workload.start", START);
    await expect.poll(() => host.started.size).toBe(1);

    expect(await ask("workload.status", { workloadId: "other" })).toEqual(
      status("NOT_FOUND", "Workload not found", "other"),
    );
    expect(await ask("heartbeat", "{}")).toMatchObject({ id: ID });
    expect(await first).toBeUndefined();
  });
});

describe("workload.status", () => {
  test.each([
    { phase: "starting", state: "STARTING" },
    { phase: "running", state: "RUNNING" },
    { phase: "completed", state: "COMPLETED" },
    { phase: "stopping", state: "STOPPING" },
    { phase: "failed", state: "ERROR" },
  ] as const)("of one that is $phase is $state", async ({ phase, state }) => {
    shows("v2, operator: workload.status");
    const { ask, host } = await setUp();
    await ask("workload.start", START);

    host.turn(W, { phase, message: "so it is" });

    expect(await ask("workload.status", { workloadId: W })).toEqual(status(state, "so it is"));
  });

  test("of one that is not there is NOT_FOUND", async () => {
    shows("v2, operator: unknown ids");
    const { ask } = await setUp();

    expect(await ask("workload.status", { workload_id: W })).toEqual(
      status("NOT_FOUND", "Workload not found"),
    );
  });
});

describe("workload.stop", () => {
  test("is answered when all has ended", async () => {
    shows("v2, operator: workload.stop");
    const { ask, host } = await setUp();
    await ask("workload.start", START);

    expect(await ask("workload.stop", { workloadId: W })).toEqual(
      status("STOPPING", "Workload stopped successfully"),
    );
    expect(host.started.size).toBe(0);
    expect(await ask("workload.stop", { workloadId: W })).toEqual(
      status("NOT_FOUND", "Workload not found"),
    );
  });

  test("that takes long is answered after 25 s", async () => {
    const { ask, clock, host, operator } = await setUp();
    await ask("workload.start", START);
    host.hold();
    const answers: string[] = [];
    operator.subscribe("late", ({ data }) => answers.push(new TextDecoder().decode(data)));
    operator.publish(`runtime.host.${ID}.workload.stop`, bytes(`{"workloadId":"${W}"}`), {
      reply: "late",
    });
    await expect.poll(() => host.started.size).toBe(0);

    clock.advance(25_000);
    await expect.poll(() => answers.length).toBe(1);

    expect(JSON.parse(answers[0] ?? "")).toEqual(status("STOPPING", "Workload is Stopping"));
  });
});

describe("what cannot be read", () => {
  test.each([
    {
      command: "workload.start",
      body: { workloadId: W, workload: { name: 7 } },
      message: `"workload.name" must be a string, met a number`,
    },
    {
      command: "workload.start",
      body: {
        workloadId: W,
        workload: { witWorld: { components: [{ imagePullPolicy: "IMAGE_PULL_POLICY_OFTEN" }] } },
      },
      message: expect.stringContaining(
        `"workload.witWorld.components[0].imagePullPolicy" must be one of`,
      ),
    },
    { command: "workload.start", body: { workload_id: W }, message: `"workload" must be there` },
  ])("names the field, where a workload is named: $body", async ({ command, body, message }) => {
    shows("v2, operator: malformed requests");
    const { ask, host } = await setUp();

    expect(await ask(command, body)).toEqual({
      workloadStatus: { workloadId: W, workloadState: "WORKLOAD_STATE_ERROR", message },
    });
    expect(host.started.size).toBe(0);
  });

  test.each([
    ["workload.start", ""],
    ["workload.start", "{"],
    ["workload.start", `{"workload":{}}`],
    ["workload.status", `{"workloadId":7}`],
    ["workload.stop", `{}`],
    ["workload.delete", `{"workloadId":"${W}"}`],
    ["workload", `{"workloadId":"${W}"}`],
    ["workload.start.now", `{"workloadId":"${W}"}`],
  ])("%s of %j is not answered, but told in the log", async (command, body) => {
    shows("v2, operator: unknown commands");
    const { ask, log } = await setUp();

    expect(await ask(command, body)).toBeUndefined();
    expect(log.filter(({ event }) => event === "command.refused").length).toBe(1);
  });

  test("secrets are in no log", async () => {
    const { ask, log } = await setUp();
    const secret = "hunter2hunter2";
    const component = { name: "a", image: "a", imagePullSecret: { username: 1, password: secret } };

    await ask("workload.start", {
      workloadId: W,
      workload: { witWorld: { components: [component] } },
    });
    await ask("workload.start", `{"password":"${secret}",}`);

    expect(log.length).toBeGreaterThan(1);
    expect(JSON.stringify(log)).not.toContain(secret);
  });
});

test("a command without a reply subject is carried out", async () => {
  shows("v2, operator: requests without a reply subject");
  const { operator, host } = await setUp();

  operator.publish(`runtime.host.${ID}.workload.start`, bytes(JSON.stringify(START)));

  await expect.poll(() => host.started.has(W)).toBe(true);
});

test("a host that may not listen has not registered, and tells nobody", async () => {
  const lattice = createMemoryLattice();
  const bus = lattice.connect({
    permits: (operation, subject) =>
      operation !== "subscribe" || !subject.startsWith("runtime.host."),
  });
  const heard: unknown[] = [];
  lattice.connect().subscribe("runtime.operator.>", (message) => heard.push(message));
  const { log } = recordLog();
  const ended = new AbortController();
  const parts = { control: bus, rpc: bus, lattice: latticeId("default"), host: NKEY, log };
  const dialect = createV2({ ...parts, clock: fakeClock() }, {}, ended.signal);

  await expect(dialect.obey(createSetHost(), ended.signal)).rejects.toMatchObject({
    code: "denied",
  });
  expect(heard).toEqual([]);
});
