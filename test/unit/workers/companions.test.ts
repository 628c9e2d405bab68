/** Companions as their worker has them: who answers, what is told of it and when, and the turns of the event loop. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type {
  CompanionFailure,
  CompanionReport,
  ComponentHostMethods,
  ComponentSetup,
  GuestLine,
} from "../../../src/channels/component.ts";
import type { Guest } from "../../../src/workers/guest.ts";

import { LatticeError } from "../../../src/core/error.ts";
import { createCompanions } from "../../../src/workers/companions.ts";
import { createTurns } from "../../../src/workers/turns.ts";

const IFACE = "a:b/c";

function setUp(call: Guest["call"] = ({ args }) => args) {
  const reports: CompanionReport[] = [];
  const failures: CompanionFailure[] = [];
  const lines: GuestLine[] = [];
  let print: (line: GuestLine) => void = () => undefined;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what companions ask of the host
  const host = {
    accompanied: async (report: CompanionReport) => void reports.push(report),
    async forsaken(failure: CompanionFailure) {
      failures.push(failure);
      return ["in the host's words"];
    },
    printed: async (line: GuestLine) => void lines.push(line),
  } as unknown as ComponentHostMethods;
  const turns = createTurns(() => companions.tell());
  const companions = createCompanions({
    host,
    turns,
    open(_, own) {
      print = own;
      const vitals = () => ({ instances: 1, memoryBytes: 0 });
      return {
        ready: Promise.resolve(),
        call,
        cancel: () => undefined,
        drop: () => undefined,
        vitals,
      };
    },
  });
  const entrust = async (deadlineMs = 1_000): Promise<void> => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nobody looks at the rest
    await companions.accompany(3, { name: "target.wasm" } as ComponentSetup, deadlineMs);
    await companions.entrust({ companion: 3, entry: 9, instance: IFACE, func: "f" });
  };
  const ask = (...args: unknown[]) => companions.find(IFACE, "f")?.(7, args, performance.now());
  return {
    companions,
    turns,
    entrust,
    ask,
    reports,
    failures,
    lines,
    say: (line: GuestLine) => print(line),
  };
}

/** As if this thread had been busy for `ms`. Real time does not pass: a machine that stops this thread for a while changes nothing. */
function spin(ms: number): void {
  nowMs += ms;
}

let nowMs = 0;
beforeEach(() => {
  nowMs = 1000;
  vi.spyOn(performance, "now").mockImplementation(() => nowMs);
});
afterEach(() => {
  vi.restoreAllMocks();
});

test("what is entrusted is answered at once, and told when somebody asks", async () => {
  const { companions, entrust, ask, reports } = setUp();
  await entrust();

  const results = [ask("a"), ask("b")];
  const report = companions.report();

  expect(results).toEqual([["a"], ["b"]]);
  expect(report).toHaveLength(8);
  expect([...(report ?? [])].slice(0, 2)).toEqual([9, 7]);
  expect(Math.abs((report?.[2] ?? 0) - Date.now())).toBeLessThan(60_000);
  expect(companions.report()).toBeUndefined();
  expect(reports).toEqual([]);
});

test("what is not entrusted, or not any more, is for the host", async () => {
  const { companions, entrust, ask } = setUp();
  expect(ask("a")).toBeUndefined();
  await entrust();
  void ask("a");

  const told = await companions.dismiss(3);

  expect(told).toHaveLength(4);
  expect(ask("a")).toBeUndefined();
  expect(companions.find(IFACE, "g")).toBeUndefined();
  const late = companions.entrust({ companion: 3, entry: 10, instance: IFACE, func: "f" });
  await expect(late).rejects.toMatchObject({ code: "internal" });
});

test("a failure is told to the host, behind what went well before, and answered in its words", async () => {
  let fails = false;
  const { entrust, ask, reports, failures } = setUp(({ args }) => {
    if (fails) throw new LatticeError("guest-trapped", "unreachable");
    return args;
  });
  await entrust();
  void ask("a");
  fails = true;

  const results = await ask("b");

  expect(results).toEqual(["in the host's words"]);
  expect(reports).toHaveLength(1);
  expect(failures).toMatchObject([
    { entry: 9, callId: 7, code: "guest-trapped", message: "unreachable" },
  ]);
});

test("a slow call is told at once, and the next one is the host's", async () => {
  const { entrust, ask, reports, companions } = setUp(({ args }) => {
    spin(6);
    return args;
  });
  await entrust();

  const results = ask("a");

  expect(results).toEqual(["a"]);
  expect(reports[0]?.[3]).toBeGreaterThanOrEqual(6);
  expect(companions.find(IFACE, "f")).toBeUndefined();
});

test("a call that outlasts its target's deadline has failed", async () => {
  const { entrust, ask, failures } = setUp(({ args }) => {
    spin(3);
    return args;
  });
  await entrust(2);

  await ask("a");

  expect(failures).toMatchObject([
    { code: "deadline", message: "a:b/c.f of target.wasm did not end within 2 ms" },
  ]);
});

test("what it prints carries its number", async () => {
  const { entrust, say, lines } = setUp();
  await entrust();

  say({ stream: "stdout", text: "hello", dropped: 0 });

  expect(lines).toEqual([{ stream: "stdout", text: "hello", dropped: 0, companion: 3 }]);
});

test("a turn that lasts makes all who ask wait for the next one", async () => {
  const { companions, turns, entrust, ask, reports } = setUp();
  await entrust();
  turns.begin(performance.now());
  void ask("a");
  expect(companions.turn(performance.now())).toBeUndefined();
  spin(8);

  const next = companions.turn(performance.now());
  const same = companions.turn(0);
  let come = false;
  void next?.then(() => (come = true));
  for (let hop = 0; hop < 1_000; hop++) await Promise.resolve();

  expect(same).toBe(next);
  expect(come).toBe(false); // microtasks alone do not bring it
  expect(reports).toHaveLength(1);
  await next;
  expect(companions.turn(performance.now())).toBeUndefined();
});
