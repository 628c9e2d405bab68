/** What a 1.x lattice keeps, over a lattice of tabs: no server, and nobody who makes buckets. */
import { expect, test } from "vitest";
import type { SoloOrigin, SoloTab } from "../../../support/solo-tabs.ts";

import { openSolo } from "../../../../src/bus/solo.ts";
import { hostId, latticeId } from "../../../../src/core/ids.ts";
import { until } from "../../../../src/core/view.ts";
import { createFacts } from "../../../../src/dialects/v1/facts/facts.ts";
import { createSoloOrigin } from "../../../support/solo-tabs.ts";

const soon = (): AbortSignal => AbortSignal.timeout(30_000);
const values = (more: Record<string, string>): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(more));

async function openFacts(origin: SoloOrigin) {
  const tab: SoloTab = origin.openTab();
  const bus = await (await openSolo(tab.ports)).connect({ inboxPrefix: "_INBOX.test" });
  const { clock, log } = tab.ports;
  const host = hostId(`N${"A".repeat(55)}`);
  const facts = createFacts({ control: bus, rpc: bus, lattice: latticeId("l"), host, clock, log });
  return { tab, bus, facts };
}

test("configuration that one tab puts is followed in another, also when the arbiter between them is closed", async () => {
  const origin = createSoloOrigin();
  const [arbiter, writer, reader] = [
    await openFacts(origin),
    await openFacts(origin),
    await openFacts(origin),
  ];
  const ended = new AbortController();
  await writer.facts.putConfig("greeting", values({ word: "Hello" }), soon());
  const seen = await reader.facts.followConfig(["greeting"], soon(), ended.signal);
  const before = seen.peek().get("word");

  arbiter.tab.kill();
  for (const { bus } of [writer, reader]) {
    // oxlint-disable-next-line no-await-in-loop -- each hears of it by itself
    await until(bus.status, ({ phase }) => phase === "reconnecting", soon());
    // oxlint-disable-next-line no-await-in-loop -- as above
    await until(bus.status, ({ phase }) => phase === "open", soon());
  }
  await writer.facts.putConfig("greeting", values({ word: "Hi" }), soon());
  const after = await until(seen, (now) => now.get("word") === "Hi", soon());

  expect([before, after.get("word")]).toEqual(["Hello", "Hi"]);
  ended.abort();
});
