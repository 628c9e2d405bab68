/** HTTP requests for workloads: by the names of a gateway, as calls of wRPC in a lattice in memory. */
import { setMaxListeners } from "node:events";
import { expect, test } from "vitest";
import type { Call, Callee } from "../../../../src/core/call.ts";
import type { Served, Serving } from "../../../../src/core/dialect.ts";
import type { EntityId } from "../../../../src/core/ids.ts";
import type { World } from "../../../../src/core/wit.ts";

import { createMemoryLattice, type MemoryLattice } from "../../../../src/bus/memory.ts";
import { entityId, latticeId } from "../../../../src/core/ids.ts";
import { createSource } from "../../../../src/core/view.ts";
import { createGatherings } from "../../../../src/dialects/v1/gathering.ts";
import { createInboxes } from "../../../../src/dialects/v1/inboxes.ts";
import { createRoundTrips } from "../../../../src/dialects/v1/pace.ts";
import { reach } from "../../../../src/dialects/v1/rpc-client.ts";
import {
  hostTarget,
  ingressLattice,
  setTarget,
} from "../../../../src/dialects/v2/ingress-names.ts";
import { createV2 } from "../../../../src/dialects/v2/index.ts";
import { hostIdOf } from "../../../../src/wire/nkey-public.ts";
import { parseWitFunc } from "../../../../src/wire/wit-text.ts";
import { recordLog } from "../../../support/log-recorder.ts";
import { realClock } from "../../../support/real-clock.ts";

// A workload's signal has listeners for each of its names; Node takes more than ten for a leak.
setMaxListeners(0);

const HANDLER = "wrpc:http/incoming-handler@0.1.0";
const DEFAULT = latticeId("default");
/** Only the names are this test's subject, so a request is a text. */
const world: World = {
  imports: new Map(),
  exports: new Map([
    [HANDLER, new Map([["handle", parseWitFunc("func(request: string) -> string")]])],
    ["demo:app/secret@1.0.0", new Map([["tell", parseWitFunc("func() -> string")]])],
  ]),
};

interface Node {
  readonly ingress: (
    member: string,
    way: { readonly set: string; readonly hosts: readonly string[] },
    more?: Partial<Served>,
  ) => Promise<Serving>;
  readonly seen: readonly EntityId[];
  /** Its line is lost for a moment. */
  blink(): void;
  end(): void;
}

function join(lattice: MemoryLattice, mayListen: (subject: string) => boolean = () => true): Node {
  const bus = lattice.connect({
    permits: (operation, subject) => operation !== "subscribe" || mayListen(subject),
  });
  const ended = new AbortController();
  const { log } = recordLog();
  const host = hostIdOf(crypto.getRandomValues(new Uint8Array(32)));
  const parts = { control: bus, rpc: bus, lattice: DEFAULT, host, clock: realClock, log };
  const dialect = createV2(parts, {}, ended.signal);
  const seen: EntityId[] = [];
  return {
    seen,
    blink() {
      bus.cut();
      bus.restore();
    },
    end: () => ended.abort(),
    ingress: async (member, way, more = {}) => {
      const serving = await dialect.ingress?.(
        {
          id: entityId(member),
          world,
          callee: { invoke: async ({ args: [path] }) => [`${member} ${String(path)}`] },
          accepting: createSource(true),
          deadlineMs: 5000,
          intercept: (next) => ({
            invoke(call) {
              seen.push(call.target);
              return next.invoke(call);
            },
          }),
          ...more,
        },
        way,
        ended.signal,
      );
      if (serving === undefined) throw new Error("v2 takes no HTTP");
      return serving;
    },
  };
}

function gateway(
  lattice: MemoryLattice,
): (target: EntityId | undefined, instance?: string) => Promise<unknown> {
  const rpc = lattice.connect();
  const { signal } = new AbortController();
  const client = {
    rpc,
    lattice: ingressLattice(DEFAULT),
    inboxes: createInboxes(rpc, signal),
    roundTrips: createRoundTrips(rpc, signal),
    gatherings: createGatherings(),
  };
  return async (target, instance = HANDLER) => {
    if (target === undefined) throw new Error("no target");
    const callee: Callee = reach(client, target, world);
    const call: Call = {
      id: "request",
      source: undefined,
      target,
      link: "default",
      instance,
      func: instance === HANDLER ? "handle" : "tell",
      args: instance === HANDLER ? ["/"] : [],
      trace: new Map(),
      signal: AbortSignal.timeout(5000),
    };
    const [answer] = await callee.invoke(call);
    return answer;
  };
}

const NOT_SERVED = { code: "not-served" };

test("a workload is reached by its id and by each host name, and is seen under its own name", async () => {
  const lattice = createMemoryLattice();
  const node = join(lattice);
  const ask = gateway(lattice);

  await node.ingress("shop/web", { set: "w.1", hosts: ["shop.example", "Shop.Example", "shop"] });

  expect(await ask(setTarget("w.1", "shop"))).toBe("shop/web /");
  expect(await ask(hostTarget("SHOP.example:8080"))).toBe("shop/web /");
  expect(await ask(hostTarget("shop"))).toBe("shop/web /");
  expect(node.seen).toEqual(["shop/web", "shop/web", "shop/web"]);
  await expect(ask(setTarget("w_1", "shop"))).rejects.toMatchObject(NOT_SERVED);
  await expect(ask(hostTarget("other.example"))).rejects.toMatchObject(NOT_SERVED);
});

test("a workload is not reached by its id with a host name that is another's", async () => {
  const lattice = createMemoryLattice();
  const node = join(lattice);
  const ask = gateway(lattice);
  await node.ingress("open", { set: "w-1", hosts: ["open.example"] });
  await node.ingress("secret", { set: "w-2", hosts: ["secret.example"] });

  await expect(ask(setTarget("w-2", "open.example"))).rejects.toMatchObject(NOT_SERVED);
  expect(await ask(setTarget("w-2", "secret.example"))).toBe("secret /");
});

test("an id and a host name of any length are served", async () => {
  const lattice = createMemoryLattice();
  const node = join(lattice);
  const ask = gateway(lattice);
  const host = "a.".repeat(126) + "b";
  await node.ingress("web", { set: "ü".repeat(128), hosts: [host] });

  expect(host).toHaveLength(253);
  expect(await ask(hostTarget(host))).toBe("web /");
});

test("nothing but HTTP is served", async () => {
  const lattice = createMemoryLattice();
  const ask = gateway(lattice);
  const node = join(lattice);

  await node.ingress("web", { set: "w", hosts: ["a"] });

  await expect(ask(setTarget("w", "a"), "demo:app/secret@1.0.0")).rejects.toMatchObject(NOT_SERVED);
  await expect(
    node.ingress("mute", { set: "m", hosts: [] }, { world: { ...world, exports: new Map() } }),
  ).rejects.toMatchObject({ code: "unsupported" });
});

test("replicas share a host name: each request goes to one of them, and to the other when one has left", async () => {
  const lattice = createMemoryLattice();
  const ask = gateway(lattice);
  const [one, two] = [join(lattice), join(lattice)];
  const first = await one.ingress("one", { set: "w-1", hosts: ["shop.example"] });
  await two.ingress("two", { set: "w-2", hosts: ["shop.example"] });

  await Promise.all(Array.from({ length: 20 }, () => ask(hostTarget("shop.example"))));
  const before = one.seen.length + two.seen.length;
  await first.drain();
  const rest = await Promise.all(Array.from({ length: 5 }, () => ask(hostTarget("shop.example"))));

  expect(before).toBe(20);
  expect(rest).toEqual(Array.from({ length: 5 }, () => "two /"));
  await expect(ask(setTarget("w-1", "shop.example"))).rejects.toMatchObject(NOT_SERVED);
});

test("who has no room is out of all its groups until there is some", async () => {
  const lattice = createMemoryLattice();
  const ask = gateway(lattice);
  const accepting = createSource(true);
  await join(lattice).ingress("web", { set: "w", hosts: ["a"] }, { accepting });

  accepting.set(false);
  await expect.poll(() => ask(hostTarget("a")).catch(() => "nobody")).toBe("nobody");
  await expect.poll(() => ask(setTarget("w", "a")).catch(() => "nobody")).toBe("nobody");
  accepting.set(true);

  await expect.poll(() => ask(hostTarget("a")).catch(() => "nobody")).toBe("web /");
});

test("a name that may not be served leaves none of the others behind", async () => {
  const lattice = createMemoryLattice();
  const ask = gateway(lattice);
  const node = join(lattice, (subject) => !subject.includes(".host-b."));

  await expect(node.ingress("web", { set: "w", hosts: ["a", "b"] })).rejects.toMatchObject({
    code: "denied",
  });

  await expect.poll(() => ask(hostTarget("a")).catch(({ code }) => code)).toBe("not-served");
  await expect.poll(() => ask(setTarget("w", "a")).catch(({ code }) => code)).toBe("not-served");
});

test("a name that is refused when a lost line is back is told", async () => {
  const lattice = createMemoryLattice();
  let refused = false;
  const node = join(lattice, (subject) => !refused || !subject.includes("/b."));
  const serving = await node.ingress("web", { set: "w", hosts: ["a", "b"] });

  node.blink();
  await gateway(lattice)(hostTarget("a"));
  const before = serving.broken?.peek();
  refused = true;
  node.blink();

  expect(before).toBeUndefined();
  await expect
    .poll(() => serving.broken?.peek())
    .toMatchObject({
      code: "denied",
      message: expect.stringContaining("inlay-http.default.set-w/b."),
    });
});

test("all ends with its signal", async () => {
  const lattice = createMemoryLattice();
  const ask = gateway(lattice);
  const node = join(lattice);
  await node.ingress("web", { set: "w", hosts: ["a"] });

  node.end();

  await expect.poll(() => ask(setTarget("w", "a")).catch(({ code }) => code)).toBe("not-served");
});
