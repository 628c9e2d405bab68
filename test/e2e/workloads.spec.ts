/**
 * Two tabs and an operator of wasmCloud v2: linked components with HTTP, a store and messages are scheduled by label, run, are
 * kept apart from what cannot run, move when their tab is closed, and end when they are told to; in short in Firefox, too.
 */
import { expect, test, type Page } from "@playwright/test";
import type { WireInterface, WireWorkload } from "../../src/dialects/v2/schema.ts";
import type { Draft } from "../../src/wire/protojson.ts";
import type { ImageServer } from "../support/image-server.ts";
import type { NativePeer } from "../support/native-peer.ts";
import type { Operator, Replica } from "../support/operator.ts";

import { post } from "../support/http-post.ts";
import { serveImages } from "../support/image-server.ts";
import { type InlayServer, startInlay } from "../support/inlay-server.ts";
import { connectPeer } from "../support/native-peer.ts";
import { openTestBus } from "../support/nats-bus.ts";
import { openOperator } from "../support/operator.ts";
import { browsers, joinFrom } from "../support/tabs.ts";

/** How long a start may take in a tab of a busy machine. */
const STARTED = { timeout: 120_000 };
const NO_RESPONDERS = /no responders|503/i;

type Workload = Draft<WireWorkload>;

const component = (images: ImageServer, image: string, name = image) => ({
  name,
  image: images.url(`${image}.wasm`),
  localResources: {},
});

interface Shop {
  readonly images: ImageServer;
  /** Of its messages; with `.example`, its host in requests. */
  readonly subject: string;
  /** More components, by their images. */
  readonly others?: readonly string[];
  readonly interfaces?: readonly Draft<WireInterface>[];
}

/** `courier` counts the names that come as messages by `counter`, and has them greeted by `hello`; `web` echoes requests. */
function shopOf({ images, subject, others = [], interfaces = [] }: Shop): Workload {
  const names = ["courier", "counter", "hello", "web"];
  return {
    namespace: "default",
    witWorld: {
      components: [
        ...names.map((name) => component(images, name)),
        ...others.map((name) => component(images, name, `other-${name}`)),
      ],
      hostInterfaces: [
        {
          namespace: "wasi",
          package: "keyvalue",
          version: "0.2.0-draft",
          interfaces: ["store", "atomics"],
        },
        {
          namespace: "wasmcloud",
          package: "messaging",
          version: "0.2.0",
          interfaces: ["consumer", "handler", "types"],
          config: new Map([
            ["subscriptions", subject],
            ["consumer_group", "shop"],
          ]),
        },
        {
          namespace: "wasi",
          package: "http",
          interfaces: ["incoming-handler"],
          config: new Map([["host", `${subject}.example`]]),
        },
        ...interfaces,
      ],
    },
  };
}

async function join(page: Page, server: InlayServer, name: string, floor: string): Promise<void> {
  const query = new URLSearchParams({
    servers: server.ws,
    dialects: "v2",
    name,
    hostgroup: "tills",
    label: `floor=${floor}`,
    autojoin: "",
  });
  await page.goto(`${server.page}?${query}`);
}

/** The replica of `name` as soon as it runs. */
async function running(operator: Operator, name: string): Promise<Replica> {
  const present = async (): Promise<Replica | undefined> => {
    await operator.reconcile();
    return operator.replicas.get(name);
  };
  await expect
    .poll(async () => (await present())?.status, STARTED)
    .toMatchObject({
      workloadState: "WORKLOAD_STATE_RUNNING",
      message: "Workload is Running",
    });
  return operator.replicas.get(name) ?? Promise.reject(new Error(`${name} is gone`));
}

async function ask({ nats }: NativePeer, subject: string, name: string): Promise<string> {
  return (await nats.request(subject, name, { timeout: 30_000 })).string();
}

/** Status and body of what `web` echoes, asked for by its host. */
async function echoed({ workloads }: InlayServer, host: string, body: string): Promise<string> {
  const sent = [Buffer.from(body)];
  const { status, text } = await post(`${workloads}echo`, sent, undefined, { host });
  return `${status} ${text}`;
}

/** How often `name` came, as any other client of the bucket reads it. */
async function visits({ nats }: NativePeer, name: string): Promise<bigint> {
  const bucket = await nats.jetstream().views.kv("visits", { bindOnly: true });
  const entry = await bucket.get(name);
  return entry === null ? 0n : Buffer.from(entry.value).readBigUInt64BE();
}

test("a workload runs in the tab that its labels choose, and in the other one when that is closed", async ({
  context,
}) => {
  await using server = await startInlay(["--workload-port", "0"]);
  await using images = await serveImages();
  let now = 0;
  await using operator = await openOperator(await openTestBus(server.wsDirect), {
    now: () => now,
  });
  await using peer = await connectPeer(server.wsDirect);
  const [first, second] = [await context.newPage(), await context.newPage()];
  await join(first, server, "till one", "1");
  await join(second, server, "till two", "2");
  await expect.poll(() => operator.hosts.size, { timeout: 60_000 }).toBe(2);
  const idOf = (name: string): string =>
    [...operator.hosts.values()].find((host) => host.name.startsWith(name))?.heartbeat.id ?? "";
  const [one, two] = [idOf("till-one-"), idOf("till-two-")];
  operator.deploy("shop", {
    selector: { hostgroup: "tills" },
    workload: shopOf({ images, subject: "orders" }),
  });
  operator.deploy("greeter", {
    selector: { floor: "2" },
    workload: { namespace: "default", witWorld: { components: [component(images, "hello")] } },
  });

  const placed = await running(operator, "shop");
  const greeter = await running(operator, "greeter");
  const replies = [await ask(peer, "orders", "Ada"), await ask(peer, "orders", "Ada")];

  expect([placed.hostId, greeter.hostId]).toEqual([one, two]);
  expect(replies).toEqual(["Hello, Ada!", "Hello, Ada!"]);
  expect(await visits(peer, "Ada")).toBe(2n);
  expect(await echoed(server, "orders.example", "one")).toBe("200 one");
  const card = first.getByRole("article", { name: /^Workload shop-/ });
  await expect(card).toContainText("Running");
  await expect(card.getByRole("listitem")).toHaveText([/courier/, /counter/, /hello/, /web/]);
  await expect(card).toContainText("wasi:keyvalue/store");

  await test.step("what cannot run is refused in words, and nothing of it stays", async () => {
    await refusals({ operator, images, server, peer, host: one, runs: placed.uid });
    await expect(first.getByRole("article", { name: /^Workload / })).toHaveCount(1);
    expect(await ask(peer, "orders", "Ada")).toBe("Hello, Ada!");
  });

  await first.close();
  await expect
    .poll(async () => {
      await operator.reconcile();
      return operator.replicas.get("shop")?.status.workloadState;
    })
    .toBeUndefined();
  await expect(operator.status(one, placed.uid)).rejects.toThrow();
  const ready = [...operator.hosts.values()].filter((host) => host.ready);
  expect(ready.map(({ heartbeat }) => heartbeat.id)).toEqual([two]);
  now += 60_000;
  await operator.reconcile();
  expect([...operator.hosts.values()].map(({ heartbeat }) => heartbeat.id)).toEqual([two]);

  const moved = await running(operator, "shop");
  expect(moved.hostId).toBe(two);
  expect(moved.uid).not.toBe(placed.uid);
  expect(await ask(peer, "orders", "Ada")).toBe("Hello, Ada!");
  expect(await visits(peer, "Ada")).toBe(4n);
  expect(await echoed(server, "orders.example", "two")).toBe("200 two");
  const cards = second.getByRole("article", { name: /^Workload / });
  await expect(cards).toContainText([/Running/, /Running/]);

  await test.step("what has come before the stop is answered", async () => {
    const names = Array.from({ length: 20 }, (_, n) => `late-${n}`);
    const asked = Promise.all(names.map((name) => ask(peer, "orders", name)));
    await peer.nats.flush(); // so they come before the stop
    const stopped = await operator.stop(two, moved.uid);

    expect(stopped).toMatchObject({
      workloadState: "WORKLOAD_STATE_STOPPING",
      message: "Workload stopped successfully",
    });
    expect(await asked).toEqual(names.map((name) => `Hello, ${name}!`));
    const counts = await Promise.all(names.map((name) => visits(peer, name)));
    expect(counts).toEqual(names.map(() => 1n));
  });
  await expect(cards).toHaveText([/greeter/]);
  await expect(ask(peer, "orders", "Ada")).rejects.toThrow(NO_RESPONDERS);
  // It has answered just before: for whoever asks it may be on its way to another tab.
  expect(await echoed(server, "orders.example", "three")).toMatch(/^503 /);
  expect(await operator.status(two, greeter.uid)).toMatchObject({
    workloadState: "WORKLOAD_STATE_RUNNING",
  });
  expect(operator.refused).toEqual([]);
});

test("a tab in Firefox runs linked components, and answers HTTP and messages until it is told to stop", async () => {
  await using server = await startInlay(["--workload-port", "0"]);
  await using images = await serveImages();
  await using operator = await openOperator(await openTestBus(server.wsDirect), { now: () => 0 });
  await using peer = await connectPeer(server.wsDirect);
  await using browser = await browsers.firefox();
  await joinFrom(browser, server.page, {
    servers: [server.ws],
    dialects: ["v2"],
    name: "till-firefox",
    labels: { floor: "3" },
    operator: { hostGroup: "tills" },
  });
  await expect
    .poll(() => [...operator.hosts.keys()], { timeout: 60_000 })
    .toEqual(["till-firefox"]);
  operator.deploy("shop", {
    selector: { hostgroup: "tills", floor: "3" },
    workload: shopOf({ images, subject: "orders" }),
  });

  const { hostId, uid } = await running(operator, "shop");
  const reply = await ask(peer, "orders", "Ada");
  const count = await visits(peer, "Ada");
  const answer = await echoed(server, "orders.example", "one");
  const stopped = await operator.stop(hostId, uid);

  expect([reply, count, answer]).toEqual(["Hello, Ada!", 1n, "200 one"]);
  expect(stopped).toMatchObject({
    workloadState: "WORKLOAD_STATE_STOPPING",
    message: "Workload stopped successfully",
  });
  expect(await operator.status(hostId, uid)).toMatchObject({
    workloadState: "WORKLOAD_STATE_NOT_FOUND",
  });
  await expect(ask(peer, "orders", "Ada")).rejects.toThrow(NO_RESPONDERS);
  expect(operator.refused).toEqual([]);
});

interface Scene {
  readonly operator: Operator;
  readonly images: ImageServer;
  readonly server: InlayServer;
  readonly peer: NativePeer;
  readonly host: string;
  /** A workload that runs there. */
  readonly runs: string;
}

async function refusals({ operator, images, server, peer, host, runs }: Scene): Promise<void> {
  const absent = { workloadState: "WORKLOAD_STATE_NOT_FOUND", message: "Workload not found" };
  expect(await operator.status(host, "nobody")).toEqual({ workloadId: "nobody", ...absent });
  expect(await operator.stop(host, "nobody")).toMatchObject(absent);
  const again = shopOf({ images, subject: "again" });
  expect(await operator.start(host, runs, again)).toMatchObject({
    workloadState: "WORKLOAD_STATE_ERROR",
    message: expect.stringContaining("already exists"),
  });
  expect(await operator.status(host, runs)).toMatchObject({
    workloadState: "WORKLOAD_STATE_RUNNING",
  });

  const subject = "refused";
  const blobstore = {
    namespace: "wasi",
    package: "blobstore",
    version: "0.2.0-draft",
    interfaces: ["blobstore", "container"],
  };
  const refused: readonly (readonly [id: string, shop: Workload, message: RegExp])[] = [
    [
      "no-image",
      shopOf({ images, subject, others: ["gone"] }),
      /failed to pull image for component 'other-gone': .*404/,
    ],
    [
      "no-provider",
      shopOf({ images, subject, others: ["blobs"], interfaces: [blobstore] }),
      /requested interfaces that are not available on this host: .*wasi:blobstore/,
    ],
    [
      "two-greeters",
      shopOf({ images, subject, others: ["hello"] }),
      /inlay:demo\/greeter.*cannot disambiguate the provider/,
    ],
  ];
  for (const [id, workload, message] of refused) {
    // oxlint-disable no-await-in-loop -- one after the other, as an operator does
    expect(await operator.start(host, id, workload)).toMatchObject({
      workloadId: id,
      workloadState: "WORKLOAD_STATE_ERROR",
      message: expect.stringMatching(message),
    });
    await expect(ask(peer, "refused", "Eve")).rejects.toThrow(NO_RESPONDERS);
    expect(await echoed(server, "refused.example", "")).toMatch(/^404 /);
    expect(await operator.status(host, id)).toMatchObject({
      workloadState: "WORKLOAD_STATE_ERROR",
      message: expect.stringMatching(message),
    });
  }
  await operator.reconcile();
  const told = [...operator.hosts.values()].find(({ heartbeat }) => heartbeat.id === host);
  expect(told?.heartbeat).toMatchObject({ workloadCount: 4n, componentCount: 4n });
  for (const [id] of refused) {
    expect(await operator.stop(host, id)).toMatchObject({
      workloadState: "WORKLOAD_STATE_STOPPING",
    });
    expect(await operator.status(host, id)).toMatchObject(absent);
    // oxlint-enable no-await-in-loop
  }
}
