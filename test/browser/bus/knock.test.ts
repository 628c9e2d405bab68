/** Knocking as real browsers do it: what a page can learn of a port without dialling it. */
import { expect, test } from "vitest";
import { fetchKnock } from "../../../src/bus/knock.ts";

const knock = fetchKnock();
const soon = (): AbortSignal => AbortSignal.timeout(30_000);
const here = location.origin.replace(/^http/, "ws");

test("a server that answers HTTP on the port is heard, whatever it answers", async () => {
  expect(await knock?.(`${here}/`, soon())).toBe("answered");
  expect(await knock?.(`${here}/no/such/path`, soon())).toBe("answered");
});

test("a port that nobody listens on is silent", async () => {
  // Port 3 is assigned to nothing in use, and not on the list of ports that browsers refuse (Fetch, "port blocking").
  expect(await knock?.("ws://127.0.0.1:3", soon())).toBe("silent");
});

test("a knock ends with its signal", async () => {
  expect(await knock?.(`${here}/`, AbortSignal.abort())).toBe("silent");
});
