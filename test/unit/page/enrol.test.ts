import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { Enrolment } from "../../../src/page/state/enrolment.ts";

import { enrol, wipeLateEnrolments } from "../../../src/page/kiosk/enrol.ts";
import { watchFragment } from "../../../src/page/site.ts";

/** What this browser keeps. */
const browser = vi.hoisted(() => ({
  enrolment: undefined as unknown,
  hasKey: false,
  signatures: 0,
}));

vi.mock("../../../src/enrolment.ts", () => ({
  keptEnrolment: async () => browser.enrolment,
  keepEnrolment: async (value: unknown) => {
    browser.enrolment = structuredClone(value);
  },
  forgetEnrolment: async () => {
    browser.enrolment = undefined;
  },
  hasUserKey: async () => browser.hasKey,
}));
vi.mock("../../../src/index.ts", () => ({
  browserKey: async () => {
    browser.signatures++;
    return { publicKey: "UKEY" };
  },
}));

const queryOf = (given: Record<string, string>): string =>
  `?${new URLSearchParams(given).toString()}`;
const MINE = queryOf({ servers: "wss://mine.example", component: "hello=./hello.wasm" });
const EVIL = queryOf({ servers: "wss://evil.example" });
const BY_KEY: Enrolment = {
  query: MINE,
  servers: ["wss://mine.example"],
  credentials: { browserKey: true },
};

let reloads: number;
let moved: (() => void) | undefined;

/** The address as the page comes to see it. */
function open(search: string, hash: string): void {
  const location = { pathname: "/kiosk.html", search, hash, reload: () => reloads++ };
  vi.stubGlobal("location", location);
  vi.stubGlobal("history", {
    state: null,
    replaceState(_state: unknown, _title: string, address: string) {
      const url = new URL(address, "https://site.example");
      Object.assign(location, { search: url.search, hash: url.hash });
    },
  });
}

beforeEach(() => {
  Object.assign(browser, { enrolment: undefined, hasKey: false, signatures: 0 });
  reloads = 0;
  moved = undefined;
  vi.stubGlobal("addEventListener", (type: string, listener: () => void) => {
    if (type === "hashchange") moved = listener;
  });
});

afterEach(() => vi.unstubAllGlobals());

describe("a kiosk that is enrolled", () => {
  beforeEach(() => {
    Object.assign(browser, { enrolment: BY_KEY, hasKey: true });
  });

  test.each([
    { what: "sign for other servers", search: EVIL, hash: "#key" },
    {
      what: "sign for its own servers and others",
      search: `${MINE}&${EVIL.slice(1)}`,
      hash: "#key",
    },
    { what: "enrol with other servers", search: EVIL, hash: "#keep" },
    { what: "enrol by a credential of the link", search: EVIL, hash: "#token=t&keep" },
    {
      what: "run something else for good",
      search: `${MINE}&component=x=./x.wasm`,
      hash: "#key&keep",
    },
    { what: "lose its credential", search: MINE, hash: "#keep" },
    { what: "forget", search: "?forget", hash: "" },
    { what: "forget, and start elsewhere", search: `${EVIL}&forget`, hash: "#key&keep" },
  ])("does not $what unasked", async ({ search, hash }) => {
    open(search, hash);
    const enrolled = await enrol();

    expect(enrolled).toMatchObject({ query: MINE, lasting: true, complaint: undefined });
    expect(enrolled.question?.words).toMatch(/^This address asks/);
    expect(browser.enrolment).toEqual(BY_KEY);
    expect(location).toMatchObject({ search: "", hash: "" });
    expect(reloads).toBe(0);
    // It joins as enrolled: its key is for its own servers.
    expect(await enrolled.credentials()).toEqual({ key: { publicKey: "UKEY" } });
  });

  test("enrols with what the address asks once a person allows it", async () => {
    open(EVIL, "#token=t&keep");
    const { question } = await enrol();
    expect(question?.words).toContain("wss://evil.example");
    expect(question?.words).not.toContain("token");
    await question?.allow();

    expect(browser.enrolment).toEqual({
      query: EVIL,
      servers: ["wss://evil.example"],
      credentials: { token: "t" },
    });
    expect(location).toMatchObject({ search: EVIL, hash: "" });
    expect(reloads).toBe(1);
  });

  test("forgets once a person allows it", async () => {
    open("?forget", "");
    await (await enrol()).question?.allow();

    expect(browser.enrolment).toBeUndefined();
    expect(reloads).toBe(1);
  });

  test.each(["#key&keep", "#key", ""])(
    "starts with its own address and %j unasked",
    async (hash) => {
      open(MINE, hash);
      const enrolled = await enrol();

      expect(enrolled).toMatchObject({ query: MINE, question: undefined });
      expect(await enrolled.credentials()).toEqual({ key: { publicKey: "UKEY" } });
    },
  );

  test("shows its key to no server that a plain address names", async () => {
    open(EVIL, "");

    expect(await (await enrol()).credentials()).toBeUndefined();
    expect(browser.signatures).toBe(0);
  });
});

describe("a kiosk that is not enrolled", () => {
  test("is enrolled by its first address", async () => {
    open(MINE, "#key&keep");
    const enrolled = await enrol();

    expect(enrolled).toMatchObject({ query: MINE, lasting: true, question: undefined });
    expect(browser.enrolment).toEqual(BY_KEY);
    expect(location).toMatchObject({ search: MINE, hash: "" });
  });

  test.each(["#key", "#key&keep"])(
    "asks for %s where the browser had a key before",
    async (hash) => {
      browser.hasKey = true;
      open(EVIL, hash);
      const enrolled = await enrol();

      expect(enrolled.question?.words).toContain("by the key of this browser");
      expect(await enrolled.credentials()).toBeUndefined();
      expect(browser).toMatchObject({ signatures: 0, enrolment: undefined });
    },
  );
});

describe("a fragment that comes into an open page", () => {
  test.each(["#token=s3cret", "#key&keep", "#creds=%%%s3cret"])(
    "leaves the address of a kiosk: %s",
    (hash) => {
      const said: string[] = [];
      open(MINE, "");
      wipeLateEnrolments((sentence) => said.push(sentence));
      expect(said).toEqual([]);
      location.hash = hash;
      moved?.();

      expect(location).toMatchObject({ search: MINE, hash: "" });
      expect(said).toHaveLength(1);
      expect(said.join()).not.toContain("s3cret");
    },
  );

  test("leaves the address of the page, and is handed on", () => {
    const taken = vi.fn<() => void>();
    open(MINE, "");
    watchFragment(taken);
    location.hash = "#token=s3cret";
    moved?.();

    expect(location).toMatchObject({ search: MINE, hash: "" });
    expect(taken.mock.calls).toEqual([[{ credentials: { token: "s3cret" }, complaints: [] }]]);
  });

  test("stays if it is the address of a view", () => {
    const taken = vi.fn<() => void>();
    open(MINE, "");
    watchFragment(taken);
    wipeLateEnrolments(taken);
    location.hash = "#/links";
    moved?.();

    expect(location.hash).toBe("#/links");
    expect(taken).not.toHaveBeenCalled();
  });
});
