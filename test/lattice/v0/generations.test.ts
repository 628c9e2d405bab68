/** Lattices of 0.82 and of 1.x that have one name, on one server: what their members hear of each other, and call. */
import { decode, encode } from "@msgpack/msgpack";
import { expect, test } from "vitest";
import type { Dialect } from "../../../src/core/dialect.ts";
import type { WitValue, World } from "../../../src/core/wit.ts";
import type { LatticeHost } from "../../support/lattice-host.ts";

import { entityId } from "../../../src/core/ids.ts";
import { until } from "../../../src/core/view.ts";
import { ACTOR_GUEST, actorWorld } from "../../../src/interfaces/actor.ts";
import { createInterfaces } from "../../../src/interfaces/interfaces.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { startHost } from "../../support/lattice-host.ts";
import { openStore, read } from "../../support/lattice-store.ts";
import { startNativeHost } from "../../support/native-host.ts";
import { connectPeer } from "../../support/native-peer.ts";
import { shared } from "../../support/shared.ts";
import { ACCEPTED, controlClient, startNativeV0Host, told } from "../../support/wasmbus-control.ts";
import { startV0Host, type V0HostOptions } from "../../support/wasmbus-host.ts";
import { actorEntity, invoke, nkey } from "../../support/wasmbus-peer.ts";

const cluster = nkey("C");
const keys = { cluster, host: nkey("N") };
const INCOMING = "wrpc:http/incoming-handler@0.1.0";
const GREETER = "demo:app/greeter";
const string = { kind: "string" } as const;
const { flat } = createInterfaces();

const server = shared(() => launchNats());
const peer = shared(() => connectPeer(server.ws));
let lattices = 0;
const newLattice = (): string => `generations-${++lattices}`;

const greeter: World = {
  imports: new Map(),
  exports: new Map([
    [GREETER, new Map([["greet", { params: [{ name: "name", type: string }], result: string }]])],
    [INCOMING, flat.exports.get(INCOMING) ?? new Map()],
  ]),
};
/** A component that greets by an interface of its own and over HTTP, and an actor that echoes. */
const component = {
  world: greeter,
  functions: {
    [`${GREETER}#greet`]: (name: unknown) => `Hello, ${String(name)}!`,
    [`${INCOMING}#handle`]: () => ({
      tag: "ok",
      val: {
        body: new Blob(["served"]).stream(),
        trailers: Promise.resolve(undefined),
        status: 200,
        headers: [],
      },
    }),
  },
};
const echo = {
  world: actorWorld(),
  functions: {
    [`${ACTOR_GUEST}#call`]: (operation: unknown, argument: unknown) => ({
      tag: "ok",
      val: operation === "Test.Echo" ? argument : new Uint8Array(0),
    }),
  },
};

const startBoth = (
  lattice: string,
  options: Partial<V0HostOptions> = {},
): ReturnType<typeof startV0Host> =>
  startV0Host({ url: server.ws, lattice, cluster, bilingual: true, ...options });

const sharingOf = (dialects: readonly Dialect[], generation: string) => {
  const view = dialects.find((each) => each.generation === generation)?.sharing;
  if (view === undefined) throw new Error(`no ${generation} is spoken`);
  return view;
};
const is = (dialects: readonly Dialect[], generation: string, wanted: boolean): Promise<boolean> =>
  until(sharingOf(dialects, generation), (now) => now === wanted, AbortSignal.timeout(10_000));

const LINUX = { "hostcore.os": "linux" };
const INVENTORIES = {
  v0: { actors: [], providers: [], labels: LINUX, version: "0.82.0" },
  v1: { components: [], providers: [], labels: LINUX, version: "1.9.2" },
};

test("a native host of one generation keeps a tab out of that one's groups alone", async () => {
  const lattice = newLattice();
  const id = nkey("N").public;
  await using node = await startBoth(lattice);
  const { dialects } = node;
  await is(dialects, "v0", true);
  await is(dialects, "v1", true);

  await using _ = await startNativeV0Host(peer, lattice, id);
  await is(dialects, "v0", false);
  expect(sharingOf(dialects, "v1").peek()).toBe(true);

  const native = await startNativeHost(peer, lattice);
  await is(dialects, "v1", false);
  await native[Symbol.asyncDispose]();
  await is(dialects, "v1", true);
  expect(sharingOf(dialects, "v0").peek()).toBe(false);
});

test.each(["v0", "v1"] as const)(
  "heartbeats of the other generation's hosts do not take a tab of %s out of its groups",
  async (generation) => {
    const lattice = newLattice();
    const other = generation === "v0" ? "v1" : "v0";
    await using node = await startBoth(lattice);
    const sharing = sharingOf(node.dialects, generation);
    await is(node.dialects, generation, true);
    const changes: boolean[] = [];
    sharing.subscribe((value) => changes.push(value));
    const ping = generation === "v0" ? `${lattice}.ping.hosts` : `v1.${lattice}.host.ping`;
    const pings = await peer.listen(`wasmbus.ctl.${ping}`);
    const say = (event: string, data: object): void =>
      peer.nats.publish(
        `wasmbus.evt.${lattice}.${event}`,
        JSON.stringify({ source: nkey("N").public, data }),
      );

    for (let at = 0; at < 5; at++) say("host_heartbeat", INVENTORIES[other]);
    // Which generation starts is not said: whoever hears that asks, and has heard all of the above by then.
    say("host_started", { labels: LINUX, friendly_name: "x", uptime_seconds: 0, version: "1" });
    await expect.poll(() => pings.heard.length).toBe(1);

    expect(changes).toEqual([]);
    say("host_heartbeat", INVENTORIES[generation]);
    await until(sharing, (now) => !now, AbortSignal.timeout(10_000));
  },
);

/** Greets through `node`, as its page does. */
async function greet(node: LatticeHost, id: string): Promise<WitValue> {
  const [result] = await call(node, id, greeter, GREETER, "greet", ["you"]);
  return result;
}
const call = (
  { host }: LatticeHost,
  id: string,
  world: World,
  instance: string,
  func: string,
  args: readonly WitValue[],
) =>
  host.calleeFor(entityId(id), world).invoke({
    id: "1",
    source: undefined,
    target: entityId(id),
    link: "default",
    instance,
    func,
    args,
    trace: new Map(),
    signal: AbortSignal.timeout(10_000),
  });

test("what one generation's command has started is called by the other one", async () => {
  const lattice = newLattice();
  const web = nkey("M").public;
  const claims = { subject: web, issuer: nkey("A").public };
  await using node = await startBoth(lattice, {
    components: { "file:///web": component, "file:///signed": { ...component, claims } },
  });
  await using v1 = await startHost({ url: server.ws }, { lattice });
  const { events, command } = controlClient(peer, lattice);
  const heard = await events();
  const request = { method: "GET", path: "/", queryString: "", header: {}, body: new Uint8Array() };
  const fetchFrom = async (key: string): Promise<unknown> => {
    const response = await invoke(
      peer.nats,
      lattice,
      {
        origin: {
          public_key: nkey("V").public,
          link_name: "default",
          contract_id: "wasmcloud:httpserver",
        },
        target: actorEntity(key),
        operation: "HttpServer.HandleRequest",
        msg: encode(request),
      },
      keys,
    );
    if (response.error !== undefined) throw new Error(response.error);
    const { body } = decode(response.msg) as { readonly body: Uint8Array };
    return new TextDecoder().decode(body);
  };

  const other = nkey("M").public;
  await peer.ask(`wasmbus.ctl.v1.${lattice}.component.scale.${node.id}`, {
    component_ref: "file:///web",
    component_id: other,
    annotations: {},
    count: 1,
  });
  await told(heard, "actor_scaled", node, (data) => Reflect.get(data, "public_key") === other);
  expect(await fetchFrom(other)).toBe("served");
  expect(await greet(v1, other)).toBe("Hello, you!");

  const ack = await command(node, "scale", { actor_ref: "file:///signed", count: 1 });
  expect(ack).toEqual(ACCEPTED);
  await told(heard, "actor_scaled", node, (data) => Reflect.get(data, "public_key") === web);
  expect(await fetchFrom(web)).toBe("served");
  expect(await greet(v1, web)).toBe("Hello, you!");
});

test.each([false, true])(
  "a node of both calls nodes of either, by what each of them speaks (0.82 first: %s)",
  async (olderFirst) => {
    const lattice = newLattice();
    const [actor, web, both] = [nkey("M").public, nkey("M").public, nkey("M").public];
    const components = { "file:///echo": echo, "file:///web": component };
    const scale = ({ host }: LatticeHost, id: string, image: string): Promise<void> =>
      host.scale({ id: entityId(id), image, maxInstances: 1, annotations: new Map() });
    await using older = await startV0Host({ url: server.ws, lattice, cluster, components });
    await using newer = await startHost({ url: server.ws }, { lattice, components });
    await using other = await startBoth(lattice, { components });
    await scale(older, actor, "file:///echo");
    await scale(newer, web, "file:///web");
    await scale(other, both, "file:///web");

    await using node = await startBoth(lattice, { olderFirst });
    const knows = (id: string) =>
      node.dialects.find(({ generation }) => generation === "v0")?.knows?.(entityId(id), INCOMING);
    await expect.poll(() => [knows(actor), knows(both)]).toEqual(["member", "member"]);

    const bytes = new Uint8Array([1, 2, 3]);
    const echoed = call(node, actor, actorWorld(), ACTOR_GUEST, "call", ["Test.Echo", bytes]);
    expect(await echoed).toEqual([{ tag: "ok", val: bytes }]);
    // 0.82 knows both of these by name or could, and has no words for their interface.
    expect(await greet(node, web)).toBe("Hello, you!");
    expect(await greet(node, both)).toBe("Hello, you!");
  },
);

test("claims that hosts before 1.0 can read stay, when 1.x starts the same component", async () => {
  const lattice = newLattice();
  const id = nkey("M").public;
  const claims = {
    subject: id,
    issuer: nkey("A").public,
    name: "Echo",
    capabilities: ["wasmcloud:httpserver"],
  };
  const components = { "file:///signed": { ...component, claims } };
  const request = {
    id: entityId(id),
    image: "file:///signed",
    maxInstances: 1,
    annotations: new Map(),
  };
  await using node = await startBoth(lattice, { components });
  await node.host.scale(request);
  const { data } = await openStore(peer.nats, lattice);
  const kept = await read(data, `CLAIMS_${id}`);
  expect(JSON.parse(kept ?? "")).toMatchObject({ capabilities: ["wasmcloud:httpserver"] });

  await using newer = await startHost({ url: server.ws }, { lattice, components });
  await newer.host.scale(request);

  expect(await read(data, `CLAIMS_${id}`)).toBe(kept);
});
