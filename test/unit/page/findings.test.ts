import { describe, expect, test } from "vitest";

import type { Evidence } from "../../../src/page/state/findings.ts";

import { findings } from "../../../src/page/state/findings.ts";

const SILENT = { answer: "silent", tookMs: 20 } as const;
const ANSWERED = { answer: "answered", tookMs: 20 } as const;

const evidence = (more: Partial<Evidence>): Evidence => ({
  server: "wss://lattice.example:4223",
  origin: "https://page.example",
  online: true,
  localNetwork: undefined,
  knock: SILENT,
  otherScheme: undefined,
  ...more,
});

/** Each finding as `certain: …` or `likely: …`. */
const told = (more: Partial<Evidence>): string[] =>
  findings(evidence(more)).map(({ sure, what }) => `${sure}: ${what}`);

describe("what is certain is told alone", () => {
  test.each([
    { seen: "no network", more: { online: false }, what: /offline/ },
    { seen: "mixed content", more: { server: "ws://lattice.example:4223" }, what: /without TLS/ },
    {
      seen: "a refused permission",
      more: { server: "wss://192.168.1.7:4223", localNetwork: "denied" } as const,
      what: /does not let the page reach 192\.168\.1\.7/,
    },
    {
      seen: "TLS at a server that has none",
      more: { otherScheme: ANSWERED },
      what: /answers without TLS, and not with it/,
    },
    {
      seen: "no TLS at a server that wants it",
      more: { server: "ws://127.0.0.1:4223", otherScheme: ANSWERED },
      what: /answers with TLS, and not without it/,
    },
  ])("$seen", ({ more, what }) => {
    const rows = told(more);

    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatch(what);
    expect(rows[0]).toMatch(/^certain: /);
  });
});

test("an answer that took no WebSocket is certain; whose it is, is not", () => {
  const rows = findings(evidence({ knock: ANSWERED }));

  expect(rows.map(({ sure }) => sure)).toEqual(["certain", "likely", "likely"]);
  expect(rows[1]?.next).toContain('"https://page.example"');
});

test("the port for programs is suspected first", () => {
  const rows = told({ server: "ws://127.0.0.1:4222", origin: "http://127.0.0.1:8080" });

  expect(rows[0]).toMatch(/^likely: 4222 is the port for programs/);
});

test("a slow silence is a firewall rather than a closed port; TLS may hide a certificate", () => {
  expect(told({})).toEqual([
    expect.stringMatching(/^likely: Its certificate/),
    expect.stringMatching(/^likely: Nothing listens at lattice\.example:4223/),
  ]);
  expect(told({ knock: { answer: "silent", tookMs: 4000 } }).at(-1)).toMatch(/stayed silent/);
});

test("no finding shows the query of an address, nor a path that was not asked for", () => {
  const secret = "wss://lattice.example:4223/nats?token=s3cr3t";
  const cases: Partial<Evidence>[] = [
    {},
    { knock: ANSWERED },
    { otherScheme: ANSWERED },
    { online: false },
    { localNetwork: "prompt" },
  ];

  const all = cases.flatMap((more) => findings(evidence({ ...more, server: secret })));

  expect(JSON.stringify(all)).not.toContain("s3cr3t");
  expect(all.every(({ what, next }) => what !== "" && next !== "")).toBe(true);
});

test.each(["192.168.1.7", "10.1.2.3", "172.20.0.1", "100.64.0.9", "printer.local", "[fd00::1]"])(
  "%s is in the local network: a question that waits is told",
  (host) => {
    expect(told({ server: `wss://${host}:4223`, localNetwork: "prompt" })).toContainEqual(
      expect.stringMatching(/^likely: The browser asks/),
    );
  },
);

test.each(["172.32.0.1", "11.0.0.1", "100.128.0.1", "example.com"])(
  "%s is not: the permission is no reason",
  (host) => {
    const rows = told({ server: `wss://${host}:4223`, localNetwork: "denied" });

    expect(rows.join(" ")).not.toMatch(/local network/);
  },
);
