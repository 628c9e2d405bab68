/** The watch over a real server: forgeries by a member that has no seed, seen by a node that they are mostly not for. */
import { beforeEach, expect, test } from "vitest";
import type { ForgeryAlarm, WatchOutcome, WatchPhase } from "../../../src/core/alarm.ts";
import type { Forgery } from "../../support/wasmbus-cast.ts";
import type { Forger } from "../../support/wasmbus-forger.ts";
import type { LatticeHost } from "../../support/lattice-host.ts";
import type { V0Options } from "../../../src/dialects/v0/index.ts";

import { entityId } from "../../../src/core/ids.ts";
import { writeInvocation } from "../../../src/dialects/v0/invocation.ts";
import { ACTOR_GUEST, actorWorld } from "../../../src/interfaces/actor.ts";
import { openEd25519 } from "../../../src/wire/ed25519.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { connectPeer } from "../../support/native-peer.ts";
import { createForger, seeded } from "../../support/wasmbus-forger.ts";
import { startV0Host } from "../../support/wasmbus-host.ts";
import { nkey } from "../../support/wasmbus-peer.ts";

const KINDS = 10;
const PATIENT = { timeout: 30_000 };
let executed = 0;
const echo = {
  world: actorWorld(),
  functions: {
    [`${ACTOR_GUEST}#call`](_: unknown, argument: unknown) {
      executed++;
      return { tag: "ok", val: argument };
    },
  },
};
beforeEach(() => {
  executed = 0;
});

interface Watch {
  readonly options: Partial<V0Options>;
  readonly alarms: ForgeryAlarm[];
  readonly outcomes: Record<WatchOutcome, number>;
  readonly phases: WatchPhase[];
  /** Resolves with the time, in milliseconds, at which alarm number `count` was raised. */
  alarm(count: number): Promise<number>;
}

function watchOf({ issuer }: Forger): Watch {
  const alarms: ForgeryAlarm[] = [];
  const times: number[] = [];
  const phases: WatchPhase[] = [];
  const outcomes = { genuine: 0, forged: 0, unverified: 0, unchecked: 0 };
  let wake = (): void => undefined;
  return {
    alarms,
    phases,
    outcomes,
    options: {
      issuers: [issuer],
      watch: true,
      onAlarm(alarm) {
        alarms.push(alarm);
        times.push(performance.now());
        wake();
      },
      onWatched: (outcome) => outcomes[outcome]++,
      onWatching: (phase) => phases.push(phase),
    },
    alarm: (count) =>
      new Promise((resolve) => {
        wake = () => {
          const at = times[count - 1];
          if (at !== undefined) resolve(at);
        };
        wake();
      }),
  };
}

async function runActor({ host }: LatticeHost, { target }: Forger): Promise<void> {
  const id = entityId(target.public_key);
  await host.scale({ id, image: "echo", maxInstances: 2, annotations: new Map() });
}

/** One of each of ten kinds. */
async function forgeries(forger: Forger): Promise<readonly Forgery[]> {
  const random = seeded(4);
  const found = new Map<string, Forgery>();
  while (found.size < KINDS) {
    // oxlint-disable-next-line no-await-in-loop -- until there are enough
    const forgery = await forger.forge(random);
    const { expected, before, stored, subject } = forgery;
    const alone = before === undefined && stored === undefined && subject === undefined;
    if (alone && expected instanceof Set) found.set(forgery.name, forgery);
  }
  return [...found.values()];
}

test("each of ten kinds of forgeries raises one alarm within 100 ms, for others as for this node; genuine calls none", async () => {
  await using server = await launchNats();
  const forger = await createForger(await openEd25519());
  const watch = watchOf(forger);
  await using node = await startV0Host({
    url: server.ws,
    cluster: nkey("C"),
    components: { echo },
    v0: watch.options,
  });
  await runActor(node, forger);
  await using peer = await connectPeer(server.ws);
  const own = `wasmbus.rpc.default.${forger.target.public_key}`;
  // Somebody else's calls: nobody here is called by them.
  const elsewhere = `wasmbus.rpc.default.${nkey("V").public}.default`;
  const tookMs: number[] = [];

  for (const { data } of await forgeries(forger)) {
    for (const subject of [own, elsewhere]) {
      // oxlint-disable-next-line no-await-in-loop -- a genuine call before each
      const genuine = await peer.nats.request(
        own,
        writeInvocation(await forger.genuine()),
        PATIENT,
      );
      expect(genuine.data.length).toBeGreaterThan(0);
      const count = watch.alarms.length + 1;
      const began = performance.now();
      peer.nats.publish(subject, data);
      // oxlint-disable-next-line no-await-in-loop -- each by itself
      tookMs.push((await watch.alarm(count)) - began);
      expect(watch.alarms[count - 1]).toMatchObject({ subject });
    }
  }
  // Whatever the gate and the watch still had to say was said when this is answered.
  await peer.nats.request(own, writeInvocation(await forger.genuine()), PATIENT);
  await expect
    .poll(() => watch.outcomes)
    .toEqual({ genuine: 2 * KINDS + 1, forged: 2 * KINDS, unverified: 0, unchecked: 0 });

  expect(watch.phases).toEqual(["watching"]);
  expect(watch.alarms).toHaveLength(2 * KINDS);
  // The genuine ones, and nothing else.
  expect(executed).toBe(2 * KINDS + 1);
  const sorted = tookMs.sort((a, b) => a - b);
  const median = sorted[sorted.length >> 1] ?? Infinity;
  console.log(
    `alarms after ${median.toFixed(1)} ms (median), ${sorted.at(-1)?.toFixed(1)} ms (most), of ${sorted.length}`,
  );
  expect(median).toBeLessThan(100);
});

test("a copy of a genuine call raises one alarm, though both the gate and the watch see it", async () => {
  await using server = await launchNats();
  const forger = await createForger(await openEd25519());
  const watch = watchOf(forger);
  await using node = await startV0Host({
    url: server.ws,
    cluster: nkey("C"),
    components: { echo },
    v0: watch.options,
  });
  await runActor(node, forger);
  await using peer = await connectPeer(server.ws);
  const subject = `wasmbus.rpc.default.${forger.target.public_key}`;
  const data = writeInvocation(await forger.genuine());

  for (let each = 0; each < 4; each++) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other, so that the first is the genuine one
    await peer.nats.request(subject, data, PATIENT);
  }
  await expect.poll(() => watch.outcomes.forged).toBe(3);

  expect(watch.alarms.map(({ check }) => check)).toEqual(["replay", "replay", "replay"]);
  expect(executed).toBe(1);
});

test("an argument in the object store is compared, and left there", async () => {
  await using server = await launchNats();
  const forger = await createForger(await openEd25519());
  const watch = watchOf(forger);
  await using _node = await startV0Host({ url: server.ws, cluster: nkey("C"), v0: watch.options });
  await using peer = await connectPeer(server.ws);
  const store = await peer.nats.jetstream().views.os("default");
  const subject = `wasmbus.rpc.default.${forger.target.public_key}`;
  const argument = new Uint8Array(1_000_000).fill(7);
  const publish = async (stored: Uint8Array): Promise<void> => {
    const genuine = await forger.genuine(argument);
    await store.putBlob({ name: genuine.id }, stored);
    peer.nats.publish(subject, writeInvocation({ ...genuine, msg: new Uint8Array(0) }));
  };

  await publish(argument);
  await publish(argument.slice().fill(8));
  await watch.alarm(1);

  await expect.poll(() => watch.outcomes).toMatchObject({ genuine: 1, forged: 1, unverified: 0 });
  expect(watch.alarms).toMatchObject([{ check: "hash" }]);
  expect(await store.list()).toHaveLength(2);
});

test("who may not see the calls of others says so, and still tells of those that come to itself", async () => {
  const forger = await createForger(await openEd25519());
  const own = `wasmbus.rpc.default.${forger.target.public_key}`;
  await using server = await launchNats({
    users: [
      { user: "all", password: "p" },
      {
        user: "tab",
        password: "p",
        permissions: { subscribe: ["_INBOX.>", "$KV.>", own, "wasmbus.ctl.>", "wasmbus.evt.>"] },
      },
    ],
    config: "no_auth_user: tab",
  });
  const watch = watchOf(forger);
  await using node = await startV0Host({
    url: server.ws,
    cluster: nkey("C"),
    components: { echo },
    v0: watch.options,
  });
  await runActor(node, forger);
  await using peer = await connectPeer(server.ws, { user: "all", pass: "p" });
  const [forgery] = await forgeries(forger);

  peer.nats.publish(own, forgery?.data);
  await watch.alarm(1);

  expect(watch.phases).toEqual(["denied"]);
  expect(watch.outcomes).toEqual({ genuine: 0, forged: 0, unverified: 0, unchecked: 0 });
});

test("as long as somebody watches, NATS does not tell callers that nobody answers", async () => {
  await using server = await launchNats();
  await using peer = await connectPeer(server.ws);
  const call = (): Promise<unknown> =>
    peer.nats.request(`wasmbus.rpc.default.${nkey("M").public}`, "", { timeout: 300 });
  await expect(call()).rejects.toMatchObject({ code: "503" });
  const node = await startV0Host({ url: server.ws, cluster: nkey("C"), v0: { watch: true } });

  await expect(call()).rejects.toMatchObject({ code: "TIMEOUT" });
  await node[Symbol.asyncDispose]();

  await expect.poll(() => call().catch((error: unknown) => error)).toMatchObject({ code: "503" });
});
