/** The topic `lattice` over a real server: two of our hosts and one that is not ours, as it comes, changes, leaves and dies. */
import { expect, test } from "vitest";

import type { ObservedHost, WatchedLattice } from "../../../src/core/watched.ts";
import type { LatticePicture } from "../../../src/page/state/lattice.ts";

import { entityId } from "../../../src/core/ids.ts";
import { foldLattice } from "../../../src/page/state/lattice.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { greeter } from "../../support/greeter.ts";
import { type LatticeHost, startHost } from "../../support/lattice-host.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { connectPeer } from "../../support/native-peer.ts";
import { startNativeHost } from "../../support/native-host.ts";
import { shared } from "../../support/shared.ts";

const server = shared(() => launchNats());
const peer = shared(() => connectPeer(server.ws));

/** Watches as a page does, by a clock that the test moves; `until` gives what is wanted when it is seen. */
async function watch({ host }: LatticeHost, clock: ReturnType<typeof fakeClock>) {
  const ended = new AbortController();
  const told: WatchedLattice[] = [];
  let picture: LatticePicture | undefined;
  await host.watch(
    "lattice",
    async (update) => {
      told.push(update);
      picture = foldLattice(picture, update);
    },
    ended.signal,
  );
  const seen = (id: string): ObservedHost | undefined => {
    clock.advance(500);
    return picture?.hosts.get(id);
  };
  return {
    ended,
    told,
    seen,
    picture: () => {
      clock.advance(500);
      return picture;
    },
  };
}

test("two tabs and a native host see each other, what they run, and who leaves", async () => {
  const clock = fakeClock(1_000_000);
  const lattice = "seen";
  const components = { hello: greeter };
  await using ours = await startHost({ url: server.ws }, { lattice, components, parts: { clock } });
  await using other = await startHost(
    { url: server.ws },
    { lattice, components, labels: { zone: "edge" } },
  );
  const native = await startNativeHost(peer, lattice);
  await native.scale("orders", 4);
  await native.startProvider("kv");

  const { told, seen, picture } = await watch(ours, clock);
  await expect.poll(() => seen(native.id)?.components.length).toBe(1);
  await expect.poll(() => seen(other.id)).toMatchObject({ contents: "told", components: [] });

  expect(told[0]?.whole).toBe(true);
  expect(told.slice(1).every(({ whole }) => !whole)).toBe(true);
  expect(seen(ours.id)).toMatchObject({ own: true, generations: ["v1"], components: [] });
  expect(seen(native.id)).toMatchObject({
    own: false,
    friendlyName: "solid-rock-0002",
    version: "1.9.2",
    labels: expect.arrayContaining([["hostcore.os", "linux"]]),
    components: [{ id: "orders", maxInstances: 4, image: "registry.example/orders:1.0.0" }],
    providers: [{ id: "kv", healthy: undefined }],
  });
  expect(picture()?.sources).toMatchObject([{ generation: "v1" }]);

  await other.host.scale({
    id: entityId("hello"),
    image: "hello",
    maxInstances: 3,
    annotations: new Map([["team", "a"]]),
  });
  await expect
    .poll(() => seen(other.id)?.components)
    .toMatchObject([{ id: "hello", maxInstances: 3, annotations: [["team", "a"]] }]);
  await native.scale("orders", 9);
  await expect.poll(() => seen(native.id)?.components[0]?.maxInstances).toBe(9);
  await native.tellHealth("kv", false);
  await expect.poll(() => seen(native.id)?.providers[0]?.healthy).toBe(false);
  await native.beat();
  await native.scale("orders", 0);
  await expect.poll(() => seen(native.id)?.components).toEqual([]);
  expect(seen(native.id)?.providers[0]?.healthy).toBe(false);
  await native[Symbol.asyncDispose]();
  await expect.poll(() => seen(native.id)).toBeUndefined();
  await other.host.stop(1_000);
  await expect.poll(() => seen(other.id)).toBeUndefined();
  expect([...(picture()?.hosts.keys() ?? [])]).toEqual([ours.id]);
});

test("a host that dies without a word is asked, marked after 70 s, and forgotten minutes later", async () => {
  const clock = fakeClock(1_000_000);
  const lattice = "silent";
  await using ours = await startHost({ url: server.ws }, { lattice, parts: { clock } });
  const lost = await startNativeHost(peer, lattice);
  await using quiet = await startNativeHost(peer, lattice);
  const { seen } = await watch(ours, clock);
  await expect.poll(() => seen(lost.id)?.contents).toBe("told");
  await expect.poll(() => seen(quiet.id)?.contents).toBe("told");

  await lost.die();
  clock.advance(60_000);
  const before = seen(lost.id)?.silentSinceMs;
  // The one that lives answers what it is asked, if it is given the time.
  await peer.nats.flush();
  await expect
    .poll(() => {
      clock.advance(100);
      return seen(lost.id)?.silentSinceMs;
    })
    .toBeGreaterThan(0);
  const living = seen(quiet.id);
  clock.advance(300_000);
  await expect.poll(() => seen(lost.id)).toBeUndefined();

  expect(before).toBeUndefined();
  expect(living?.silentSinceMs).toBeUndefined();
});

test("who may not hear events is told so, and sees whoever answers when it is asked", async () => {
  const clock = fakeClock(1_000_000);
  const denied = { subscribe: { deny: ["wasmbus.evt.>"] } };
  await using strict = await launchNats({
    users: [
      { user: "blind", password: "b", permissions: denied },
      {
        user: "mute",
        password: "m",
        permissions: { ...denied, publish: { deny: ["wasmbus.ctl.v1.*.host.>"] } },
      },
      { user: "peer", password: "p" },
    ],
  });
  const at = (user: string) => ({ url: strict.ws.replace("//", `//${user}:${user[0]}@`) });
  await using others = await connectPeer(strict.ws, { user: "peer", pass: "p" });
  await using native = await startNativeHost(others, "default");
  await using blind = await startHost(at("blind"), { parts: { clock } });
  await using mute = await startHost(at("mute"), { parts: { clock } });

  const asking = await watch(blind, clock);
  const alone = await watch(mute, clock);
  await expect.poll(() => asking.seen(native.id)?.contents).toBe("told");
  await expect
    .poll(() => alone.picture()?.sources[0]?.listening)
    .toMatchObject({ phase: "denied", events: expect.arrayContaining(["host_heartbeat"]) });

  expect([...(alone.picture()?.hosts.keys() ?? [])]).toEqual([mute.id]);
});

test("calls that this host answers are told as rates", async () => {
  const clock = fakeClock(1_000_000);
  const components = { greeter };
  await using ours = await startHost(
    { url: server.ws },
    { lattice: "busy", components, parts: { clock } },
  );
  const id = entityId("greeter");
  await ours.host.scale({ id, image: "greeter", maxInstances: 5, annotations: new Map() });
  const { picture } = await watch(ours, clock);
  await expect.poll(() => picture()?.hosts.size).toBe(1);

  const callee = ours.host.calleeFor(id, greeter.world);
  for (let index = 0; index < 10; index++) {
    // oxlint-disable-next-line no-await-in-loop -- one caller
    await callee.invoke({
      id: String(index),
      source: undefined,
      target: id,
      link: "default",
      instance: "demo:app/greeter",
      func: "greet",
      args: ["you"],
      trace: new Map(),
      signal: AbortSignal.timeout(30_000),
    });
  }
  clock.advance(1_000);

  await expect
    .poll(() => picture()?.traffic)
    .toEqual([{ source: undefined, target: "greeter", perSecond: 2, failedPerSecond: 0 }]);
});
