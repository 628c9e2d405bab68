import { expect, test } from "vitest";

import type { WorkloadSetSpec } from "../../../../src/core/workload-set.ts";
import type { LocalComponent } from "../../../support/local-runtime.ts";
import type { Runtime } from "../../../../src/core/runtime.ts";

import { localRuntime } from "../../../support/local-runtime.ts";
import {
  callMember,
  createTestSets,
  entryOf,
  memberOf,
  sampleOffer,
  setOf,
  worldOf,
} from "../../../support/sets.ts";

const WIT = `
package demo:app@1.0.0;
interface drive { go: func(word: string) -> string; }
interface shout { loud: func(word: string) -> string; }
`;
const DRIVE = "demo:app/drive@1.0.0";
const SHOUT = "demo:app/shout@1.0.0";

const front: LocalComponent = {
  world: worldOf(WIT, { imports: [SHOUT], exports: [DRIVE] }),
  functions: {},
  guest: (importing) => ({
    [`${DRIVE}#go`]: async (word) => {
      const [loud] = await importing(SHOUT, "loud", word);
      return `front says ${String(loud)}`;
    },
  }),
};
const back: LocalComponent = {
  world: worldOf(WIT, { exports: [SHOUT] }),
  functions: { [`${SHOUT}#loud`]: (word) => String(word).toUpperCase() },
};
/** Gives tests the members that export `drive`. */
const driver = () =>
  sampleOffer({
    id: "driver",
    exports: [entryOf("demo:app@1.0.0", ["drive"])],
  });
const pair = (more: Partial<WorkloadSetSpec> = {}): WorkloadSetSpec =>
  setOf(["front", "back"], { interfaces: [entryOf("demo:app", ["drive"])], ...more });

test("two linked components start, call each other, are told of, and stop", async () => {
  const drive = driver();
  const { sets, calls } = createTestSets({ front, back }, { offers: [drive.offer] });

  const started = await sets.start(pair());
  const said = await callMember(drive.members.get("front"), DRIVE, "go", ["hello"]);
  const status = sets.status("set-1");
  const [entry] = sets.entries();
  const stopped = await sets.stop("set-1");

  expect(started).toEqual({
    id: "set-1",
    phase: "running",
    message: "Workload started successfully",
  });
  expect(said).toBe("front says HELLO");
  expect(status).toEqual({ id: "set-1", phase: "running", message: "Workload is Running" });
  expect(entry?.members.map(({ name, entry: { state }, met }) => [name, state, [...met]])).toEqual([
    ["front", { phase: "running" }, [[SHOUT, "component 'back'"]]],
    ["back", { phase: "running" }, []],
  ]);
  expect(calls.map(({ source, target, func, outcome }) => [source, target, func, outcome])).toEqual(
    [
      ["default/shop/front", "default/shop/back", "loud", "ok"],
      [undefined, "default/shop/front", "go", "ok"],
    ],
  );
  expect(stopped).toEqual({
    id: "set-1",
    phase: "stopping",
    message: "Workload stopped successfully",
  });
  expect(sets.status("set-1")).toEqual({
    id: "set-1",
    phase: "absent",
    message: "Workload not found",
  });
  expect(drive.told).toEqual(["bind", "begin", "end", "dispose"]);
});

test("a start of an id that is there is refused, and changes nothing", async () => {
  const { sets } = createTestSets({ front, back }, { offers: [driver().offer] });
  await sets.start(pair());

  const again = await sets.start(setOf(["back"]));

  expect(again).toEqual({
    id: "set-1",
    phase: "failed",
    message: "workload set-1 already exists",
  });
  expect(sets.status("set-1").phase).toBe("running");
  expect(sets.entries().map(({ members }) => members.map(({ name }) => name))).toEqual([
    ["front", "back"],
  ]);
});

test("a failed start stays to be asked for until it is stopped", async () => {
  const { sets } = createTestSets({ front, back });

  const started = await sets.start(setOf(["back", memberOf("gone")]));
  const status = sets.status("set-1");
  const again = await sets.start(setOf(["back"]));
  const stopped = await sets.stop("set-1");

  const problem = "failed to pull image for component 'gone': GET gone answered 404 Not Found";
  expect(started).toEqual({ id: "set-1", phase: "failed", message: problem });
  expect(status).toEqual({ id: "set-1", phase: "failed", message: `Error: ${problem}` });
  expect(again.message).toContain("already exists");
  expect(stopped.phase).toBe("stopping");
  expect(sets.status("set-1").phase).toBe("absent");
});

test("volumes are there before anything is loaded, which is told whether it is run with some", async () => {
  const asked: unknown[] = [];
  const plain = localRuntime({ front, back });
  const runtime: Runtime = {
    ...plain,
    async openVolume(name) {
      asked.push(name);
      return { name, [Symbol.asyncDispose]: () => Promise.resolve() };
    },
    load(image, options) {
      asked.push([image.reference, options.mounts]);
      return plain.load(image, options);
    },
  };
  const { sets } = createTestSets({}, { runtime });
  const mounts = [{ volume: "scratch", path: "/tmp", readOnly: false }];
  const members = ["front", memberOf("back", { resources: { mounts } })];

  await sets.start(setOf(members, { volumes: [{ name: "scratch", kind: "empty" }] }));

  expect(asked).toEqual(["scratch", ["front", false], ["back", true]]);
});

test("volumes that the runtime cannot open are refused before anything is loaded", async () => {
  const asked: string[] = [];
  const plain = localRuntime({ front, back });
  const runtime: Runtime = {
    ...plain,
    load(image, options) {
      asked.push(image.reference);
      return plain.load(image, options);
    },
  };
  const { sets } = createTestSets({}, { runtime, hasVolumes: false });

  const started = await sets.start(
    setOf(["front", "back"], { volumes: [{ name: "scratch", kind: "empty" }] }),
  );

  expect(started).toMatchObject({
    phase: "failed",
    message: expect.stringContaining("volume 'scratch': this host has no volumes"),
  });
  expect(asked).toEqual([]);
});
