import { describe, expect, test } from "vitest";

import {
  asEnrolment,
  credentialsFor,
  enrolmentOf,
  readEnrolment,
} from "../../../src/page/state/enrolment.ts";
import { healthOf, healthWords } from "../../../src/page/state/kiosk-health.ts";
import { readKioskSettings } from "../../../src/page/state/kiosk-settings.ts";
import {
  EMPTY_LEDGER,
  mayReloadFrom,
  readLedger,
  withReload,
} from "../../../src/page/state/ledger.ts";
import { pauseMs } from "../../../src/page/state/pauses.ts";
import * as samples from "../../support/sample-states.ts";

const QUERY = "?servers=wss://a.example&servers=wss://b.example&component=hello=./hello.wasm";

describe("enrolment", () => {
  test.each([
    { fragment: "#token=s3cret&keep", credentials: { token: "s3cret" }, keep: true },
    { fragment: "#user=a&pass=b&keep", credentials: { user: "a", pass: "b" }, keep: true },
    { fragment: "#key&keep", credentials: { browserKey: true }, keep: true },
    { fragment: "#key&jwt=eyJ", credentials: { browserKey: true, jwt: "eyJ" }, keep: false },
    { fragment: "#token=s3cret", credentials: { token: "s3cret" }, keep: false },
    { fragment: "#keep", credentials: undefined, keep: true },
  ])("$fragment is meant for the kiosk", ({ fragment, credentials, keep }) => {
    expect(readEnrolment(fragment)).toEqual({
      credentials,
      keep,
      meant: true,
      complaint: undefined,
    });
  });

  test("other fragments stay in the address", () => {
    expect(readEnrolment("#/links").meant).toBe(false);
  });

  test("what cannot be read leaves the address too, and is not in the complaint", () => {
    const { meant, complaint } = readEnrolment("#creds=%%%s3cret&keep");

    expect(meant).toBe(true);
    expect(complaint).not.toContain("s3cret");
  });

  test("what was kept is given to the servers it was kept for, and to no others", () => {
    const kept = asEnrolment(structuredClone(enrolmentOf(QUERY, readEnrolment("#token=x&keep"))));

    expect(credentialsFor(kept, ["wss://b.example"])).toEqual({ token: "x" });
    expect(credentialsFor(kept, ["wss://a.example", "wss://evil.example"])).toBeUndefined();
    expect(credentialsFor(kept, [])).toBeUndefined();
    expect(credentialsFor(undefined, ["wss://a.example"])).toBeUndefined();
  });

  test("what was kept for the site's own servers goes to those alone", () => {
    const kept = enrolmentOf("?name=wall-1", readEnrolment("#token=x&keep"));

    expect(credentialsFor(kept, [])).toEqual({ token: "x" });
    expect(credentialsFor(kept, ["wss://evil.example"])).toBeUndefined();
  });

  test.each([undefined, "x", { query: QUERY }, { query: 1, servers: [] }])(
    "%j is no enrolment",
    (value) => {
      expect(asEnrolment(value)).toBeUndefined();
    },
  );
});

describe("reloads", () => {
  test("the first may come at once, each later one has to wait longer", () => {
    let ledger = EMPTY_LEDGER;
    let now = 1_000_000_000;
    const waits: number[] = [];

    for (let n = 0; n < 6; n++) {
      const from = Math.max(mayReloadFrom(ledger, now), now);
      waits.push((from - now) / 60_000);
      now = from;
      ledger = withReload(ledger, "memory", now);
    }

    expect(waits).toEqual([0, 1, 5, 15, 60, 360]);
  });

  test("a clock that was set back does not forbid them for long", () => {
    const ledger = withReload(EMPTY_LEDGER, "version", 5_000_000_000);

    expect(mayReloadFrom(ledger, 1_000_000_000)).toBe(1_000_060_000);
  });

  test("what was kept is read, and anything else is nothing", () => {
    const ledger = {
      reloads: [{ at: 5, reason: "memory" as const }],
      tally: { answered: 3, lost: 1, restarts: 2 },
      hostId: "N",
    };

    expect(readLedger(JSON.stringify(ledger))).toEqual(ledger);
    for (const text of [null, "", "{", "5", '{"tally":{"answered":-1},"reloads":[{}]}']) {
      expect(readLedger(text)).toEqual(EMPTY_LEDGER);
    }
  });
});

describe("health", () => {
  const well = {
    state: samples.working,
    wanted: [],
    lostWorkerMs: undefined,
    memoryHigh: false,
    versionRefused: false,
  };

  test("a kiosk that serves what it should is well", () => {
    expect(healthOf(well)).toEqual({ level: "ok", reasons: [] });
    expect(healthWords(healthOf(well))).toBe("Healthy");
  });

  test.each([
    { more: { wanted: ["absent"] }, reason: "component" },
    { more: { lostWorkerMs: 1_000 }, reason: "worker" },
    { more: { memoryHigh: true }, reason: "memory" },
    { more: { versionRefused: true }, reason: "version" },
    { more: { enrolmentAsked: true }, reason: "enrolment" },
  ])("$reason makes it degraded", ({ more, reason }) => {
    expect(healthOf({ ...well, ...more })).toEqual({ level: "degraded", reasons: [reason] });
  });

  test("without a connection it is down, whatever else is", () => {
    const down = healthOf({ ...well, state: samples.reconnecting, memoryHigh: true });

    expect(down).toEqual({ level: "down", reasons: ["connection", "memory"] });
  });

  test("a worker that was lost long ago is no news", () => {
    expect(healthOf({ ...well, lostWorkerMs: 300_000 }).level).toBe("ok");
  });
});

test("the address may say how a kiosk looks after itself, within bounds", () => {
  const usual = readKioskSettings("?servers=wss://a.example");
  const own = readKioskSettings("?watchdog=2&updates=off&trial=9999&memory=512");

  expect(usual).toEqual({
    watchdogMs: 15_000,
    updateEveryMs: 300_000,
    trialMs: 90_000,
    memoryBytes: 2 ** 31,
  });
  expect(own).toEqual({
    watchdogMs: 2_000,
    updateEveryMs: undefined,
    trialMs: 240_000,
    memoryBytes: 2 ** 29,
  });
  expect(readKioskSettings("?watchdog=-5&updates=x")).toMatchObject({
    watchdogMs: 1_000,
    updateEveryMs: 300_000,
  });
});

test("pauses double up to a minute, and are not those of the next screen", () => {
  expect([0, 1, 2, 5, 6, 50].map((failures) => pauseMs(failures, () => 0.5))).toEqual([
    1_000, 2_000, 4_000, 32_000, 60_000, 60_000,
  ]);
  expect([0, 1].map((random) => pauseMs(0, () => random))).toEqual([750, 1_250]);
});
