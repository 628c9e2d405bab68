/** Resources that components export, over a real server: between nodes, for plain peers of wRPC, and byte for byte. */
import { afterAll, expect, test } from "vitest";
import type { LatticeHost } from "../../support/lattice-host.ts";

import { entityId } from "../../../src/core/ids.ts";
import { createSource } from "../../../src/core/view.ts";
import { resourcesContract } from "../../contract/resources.ts";
import { startHost } from "../../support/lattice-host.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { connectPeer } from "../../support/native-peer.ts";
import { openTestBus } from "../../support/nats-bus.ts";
import { shows } from "../../support/protocol-rows.ts";
import { GO, TALLIES, tallier, tally } from "../../support/tallies.ts";
import { startCall } from "../../support/wrpc-peer.ts";

const server = await launchNats();
afterAll(() => server[Symbol.asyncDispose]());
const connect = () => openTestBus(server.ws);

resourcesContract({ name: "over NATS", connect, nodes: "two" });

const root = (lattice: string): string => `${lattice}.tally.wrpc.0.0.1`;

async function startNode(lattice: string, ids: readonly string[]): Promise<LatticeHost> {
  const caller = entityId("caller");
  const link = {
    source: caller,
    target: entityId("tally"),
    name: "default",
    namespace: "inlay",
    package: "test",
    interfaces: ["tallies"],
    sourceConfig: [],
    targetConfig: [],
  };
  const links = createSource(new Map([[caller, [link]]]));
  const components = { caller: tallier, tally };
  const node = await startHost({ url: server.ws }, { lattice, components, links });
  for (const id of ids) await scale(node, id, 1);
  return node;
}

function scale({ host }: LatticeHost, id: string, maxInstances: number): Promise<void> {
  return host.scale({ id: entityId(id), image: id, maxInstances, annotations: new Map() });
}

test("a plain peer of wRPC uses them by their names on the wire, whichever of two nodes gets its calls", async () => {
  shows("wRPC, called: resources in parameters and results");
  const lattice = crypto.randomUUID();
  await using peer = await connectPeer(server.ws);
  await using first = await startNode(lattice, ["tally"]);
  await using second = await startNode(lattice, ["tally"]);
  const forwarded = await peer.listen(`${root(lattice)}.at.>`);
  const ask = async (func: string, ...params: Uint8Array[]): Promise<string> => {
    const subject = `${root(lattice)}.${TALLIES}.${func}`;
    const { bytes } = await peer.invoke(subject, Buffer.concat(params));
    return Buffer.from(bytes).toString("hex");
  };
  const answers: string[] = [];

  const made = await ask("tally", Uint8Array.of(5));
  const handle = Buffer.from(made, "hex");
  for (let count = 0; count < 32; count++) answers.push(await ask("tally.get", handle));

  // A `list<u8>` of 37 bytes: what tells ours from others, the place, and 128 random bits.
  expect(made).toMatch(/^2500696e6c01[0-9a-f]{64}$/);
  expect(new Set(answers)).toEqual(new Set(["05"]));
  expect(await ask("tally.increment", handle, Uint8Array.of(2))).toBe("07");
  const nodes = [first, second];
  // Both got some of the calls, and each was answered where the resource lives.
  expect(
    nodes.map(({ calls }) => calls.filter(({ func }) => func.includes("get")).length),
  ).not.toContain(0);
  const place = made.slice(12, 44);
  const subjects = new Set(forwarded.heard.map(({ subject }) => subject));
  subjects.delete(`${root(lattice)}.at.${place}.${TALLIES}.tally.increment`);
  expect([...subjects]).toEqual([`${root(lattice)}.at.${place}.${TALLIES}.tally.get`]);
  expect(Buffer.from(forwarded.heard[0]?.data ?? []).toString("hex")).toBe(made);
});

test("exactly this goes over the wire between two nodes", async () => {
  shows("wRPC, calling: resources");
  const lattice = crypto.randomUUID();
  await using peer = await connectPeer(server.ws);
  await using owner = await startNode(lattice, ["tally"]);
  await using node = await startNode(lattice, ["caller"]);
  const wire = await peer.listen(`${root(lattice)}.>`);
  let handle = "";

  const [given] = await node.host.calleeFor(entityId("caller"), tallier.world).invoke({
    id: "1",
    source: undefined,
    target: entityId("caller"),
    link: "default",
    instance: GO,
    func: "go",
    args: [
      async (
        importing: (...args: unknown[]) => Promise<unknown[]>,
        drop: (...args: unknown[]) => void,
      ) => {
        const [one] = await importing(TALLIES, "[constructor]tally", 5);
        handle = Buffer.from(one as Uint8Array).toString("hex");
        const [count] = await importing(TALLIES, "[method]tally.increment", one, 2);
        await importing(TALLIES, "[constructor]tally", 6);
        drop(TALLIES, "tally", one);
        const late = importing(TALLIES, "[method]tally.get", one);
        return [count, await late.catch((cause: unknown) => Reflect.get(Object(cause), "code"))];
      },
    ],
    trace: new Map(),
    signal: AbortSignal.timeout(30_000),
  });

  await peer.nats.flush(); // the node's answer came by another connection than what the peer heard
  expect(given).toEqual([7, "gone"]);
  const place = `${root(lattice)}.at.${handle.slice(10, 42)}.${TALLIES}`;
  expect(
    wire.heard.map(({ subject, data }) => [subject, Buffer.from(data).toString("hex")]),
  ).toEqual([
    [`${root(lattice)}.${TALLIES}.tally`, "05"],
    [`${place}.tally.increment`, `25${handle}02`],
    // What else is made goes to where the first was made.
    [`${place}.tally`, "06"],
    [`${place}.[resource-drop]tally`, `25${handle}`],
    [`${place}.tally.get`, `25${handle}`],
  ]);
  const headers = wire.heard.map((each) => each.headers?.get("inlay-session"));
  expect(headers[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(headers).toEqual([headers[0], headers[0], headers[0], undefined, headers[0]]);
  expect(owner.log.find(({ event }) => event === "call.failed")?.fields).toMatchObject({
    func: "[method]tally.get",
    code: "gone",
  });
});

test("that a resource is gone is told in a header, which other peers need not read", async () => {
  const lattice = crypto.randomUUID();
  await using peer = await connectPeer(server.ws);
  await using _ = await startNode(lattice, ["tally"]);
  const params = Buffer.from(`2500696e6c01${"ab".repeat(32)}`, "hex");
  const subject = (name: string): string => `${root(lattice)}.${TALLIES}.${name}`;

  // A handle of a place that is not there: the node that gets the call finds nobody.
  const call = await startCall(peer.nats, subject("tally.get"), params);
  await call.until(() => call.on("results").length > 0);

  expect(call.on("results")).toEqual([""]);
  const [told] = call.heard.filter(({ path }) => path === "results");
  expect(told?.headers?.get("inlay-failure")).toBe("gone");
});

test("all of it lies below the subjects that a component has anyway", async () => {
  const lattice = crypto.randomUUID();
  await using peer = await connectPeer(server.ws);
  await using _ = await startNode(lattice, ["tally"]);
  const within = await peer.listen(`${lattice}.*.wrpc.0.0.1.>`);
  const { bytes } = await peer.invoke(`${root(lattice)}.${TALLIES}.tally`, Uint8Array.of(5));
  const place = Buffer.from(bytes).toString("hex").slice(12, 44);

  const { bytes: count } = await peer.invoke(
    `${root(lattice)}.at.${place}.${TALLIES}.tally.get`,
    bytes,
  );

  expect(Buffer.from(count).toString("hex")).toBe("05");
  expect(within.heard).toHaveLength(2);
});

test("a component that stops and starts again knows nothing of earlier handles", async () => {
  const lattice = crypto.randomUUID();
  await using peer = await connectPeer(server.ws);
  await using node = await startNode(lattice, ["tally"]);
  const subject = (name: string): string => `${root(lattice)}.${TALLIES}.${name}`;
  const { bytes: handle } = await peer.invoke(subject("tally"), Uint8Array.of(5));

  await scale(node, "tally", 0);
  await scale(node, "tally", 1);
  const { bytes } = await peer.invoke(subject("tally.get"), handle);

  expect([...bytes]).toEqual([]);
  const gone = node.log.filter(({ event }) => event === "call.failed");
  expect(gone.at(-1)?.fields).toMatchObject({ code: "gone" });
});
