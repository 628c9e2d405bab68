/** Joining from afar: what a lattice keeps is read while the host is there already, many entries at once. */
import { expect, test } from "vitest";

import type { EntityId } from "../../../src/core/ids.ts";
import type { Link } from "../../../src/core/link.ts";

import { openNatsBus } from "../../../src/bus/nats.ts";
import { createLog } from "../../../src/core/log.ts";
import { createSource, until } from "../../../src/core/view.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { startHost } from "../../support/lattice-host.ts";
import { openStore } from "../../support/lattice-store.ts";
import { connectPeer } from "../../support/native-peer.ts";
import { nodeWebSocket } from "../../support/node-websocket.ts";
import { realClock } from "../../support/real-clock.ts";
import { openTcpProxy } from "../../support/tcp-proxy.ts";

const ROUND_TRIP_MS = 80;
const SOURCES = 500;

const specOf = (source: string): string =>
  JSON.stringify({
    url: "example.com/any:1",
    links: [
      {
        source_id: source,
        target: `${source}-target`,
        name: "default",
        wit_namespace: "wasi",
        wit_package: "keyvalue",
        interfaces: ["store"],
        source_config: [],
        target_config: [],
      },
    ],
  });

test("500 links, 80 ms away, are read in a few round trips, and then followed", async () => {
  await using server = await launchNats();
  await using peer = await connectPeer(server.ws);
  const { data } = await openStore(peer.nats, "default");
  const names = Array.from({ length: SOURCES }, (_, index) => `source-${index}`);
  await Promise.all(names.map((name) => data.put(`COMPONENT_${name}`, specOf(name))));
  await data.delete("COMPONENT_source-7");
  await using proxy = await openTcpProxy(server.wsPort);
  proxy.delay(ROUND_TRIP_MS / 2);

  const started = performance.now();
  await using node = await startHost({ url: `ws://127.0.0.1:${proxy.port}` });
  const tookMs = performance.now() - started;

  const { links } = node.facts;
  expect(links.peek().size).toBe(SOURCES - 1);
  expect(targetsOf(links.peek(), "source-499")).toEqual(["source-499-target"]);
  // One after the other they would take 40 s.
  expect(tookMs).toBeLessThan((SOURCES * ROUND_TRIP_MS) / 5);

  await data.put("COMPONENT_late", specOf("late"));
  await until(links, (now) => targetsOf(now, "late").length === 1, AbortSignal.timeout(30_000));
});

test("a host is there before it knows what the lattice keeps", async () => {
  await using server = await launchNats();
  await using peer = await connectPeer(server.ws);
  const heard = await peer.listen("wasmbus.evt.default.host_started");
  const log = createLog(Date.now, () => undefined);
  const bus = await openNatsBus({
    servers: [server.ws],
    name: "slow bucket",
    inboxPrefix: "_INBOX.slow",
    clock: realClock,
    log,
    signal: new AbortController().signal,
    socketFactory: nodeWebSocket(),
  });
  const reading = createSource(false);
  const slow = {
    ...bus,
    status: bus.status,
    get maxPayload() {
      return bus.maxPayload;
    },
    async bucket(...wanted: Parameters<typeof bus.bucket>) {
      await until(reading, Boolean, wanted[1].signal);
      return bus.bucket(...wanted);
    },
  };

  const starting = startHost({ bus: slow });
  await heard.next(() => true);
  reading.set(true);
  await using node = await starting;

  expect(node.facts.status.peek().phase).toBe("live");
});

function targetsOf(links: ReadonlyMap<EntityId, readonly Link[]>, source: string): string[] {
  const own = [...links].find(([id]) => id === source)?.[1] ?? [];
  return own.map(({ target }) => target);
}
