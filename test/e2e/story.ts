/**
 * The story that every browser and bridge must tell: a tab joins, is told over the lattice to run components, answers
 * calls, and lets them go. The other side is plain NATS messages.
 */
import { expect } from "@playwright/test";
import type { ImageServer } from "../support/image-server.ts";
import type { NativePeer } from "../support/native-peer.ts";
import type { JoinedTab } from "../support/tabs.ts";

const text = (value: string): Uint8Array =>
  Buffer.concat([Uint8Array.of(value.length), Buffer.from(value)]);

export interface Stage {
  readonly tab: JoinedTab;
  readonly peer: NativePeer;
  readonly images: ImageServer;
  readonly lattice: string;
}

/** Scales `image` to `count` under `id` and waits for the event that says how it went. */
export async function scale(
  {
    tab,
    peer,
    lattice,
  }: Pick<Stage, "peer" | "lattice"> & { readonly tab: Pick<JoinedTab, "hostId"> },
  id: string,
  image: string,
  count: number,
  limits?: Readonly<Record<string, string>>,
): Promise<{
  readonly type: string;
  readonly data: { readonly error?: string; readonly max_instances: number };
}> {
  const events = await peer.listen(`wasmbus.evt.${lattice}.*`);
  const ack = await peer.ask(`wasmbus.ctl.v1.${lattice}.component.scale.${tab.hostId}`, {
    component_ref: image,
    component_id: id,
    count,
    annotations: { story: id },
    ...(limits === undefined ? {} : { component_limits: limits }),
  });
  expect(ack).toMatchObject({ success: true });
  const event = await events.next((json) => {
    const { type, source, data } = json as {
      type: string;
      source: string;
      data: { component_id?: string };
    };
    return source === tab.hostId && data.component_id === id && type.includes(".component_scale");
  }, 60_000);
  return event as Awaited<ReturnType<typeof scale>>;
}

export async function tellTheStory(stage: Stage): Promise<void> {
  const { tab, peer, images, lattice } = stage;
  const control = (tail: string): string => `wasmbus.ctl.v1.${lattice}.${tail}`;
  const call = (
    id: string,
    func: string,
    params: Uint8Array = new Uint8Array(0),
    rest?: readonly Uint8Array[],
  ) =>
    peer.invoke(`${lattice}.${id}.wrpc.0.0.1.${func}`, params, {
      timeoutMs: 30_000,
      ...(rest && { rest }),
    });

  const ping = await peer.ask(control("host.ping"));
  expect(ping).toMatchObject({ success: true, response: { id: tab.hostId, lattice } });

  const hello = images.url("hello.wasm");
  const auction = {
    component_ref: hello,
    component_id: "hello",
    constraints: { "hostcore.os": "browser" },
  };
  const bids = await peer.gather(control("component.auction"), auction, 300, 1);
  expect(bids).toMatchObject([{ response: { host_id: tab.hostId } }]);

  const started = await scale(stage, "hello", hello, 4);
  expect(started).toMatchObject({
    type: "com.wasmcloud.lattice.component_scaled",
    data: { max_instances: 4, image_ref: hello },
  });

  const greeted = await call("hello", "inlay:demo/greeter.greet", text("Ada"));
  expect(Buffer.from(greeted.bytes).toString()).toBe(`\u000bHello, Ada!`);
  const parameterless = await call("hello", "inlay:demo/greeter.hello");
  expect(parameterless.bytes.length).toBeGreaterThan(4);
  const big = new Uint8Array(3_000_000).fill(9);
  const echoed = await call("hello", "inlay:demo/greeter.echo", Buffer.from("c08db701", "hex"), [
    big.subarray(0, 1_000_000),
    big.subarray(1_000_000, 2_000_000),
    big.subarray(2_000_000),
  ]);
  expect(echoed.bytes.length).toBe(3_000_004);

  const inventory = await peer.ask(control(`host.get.${tab.hostId}`));
  expect(inventory).toMatchObject({
    response: { components: [{ id: "hello", image_ref: hello, max_instances: 4 }] },
  });

  const stopped = await scale(stage, "hello", hello, 0);
  expect(stopped).toMatchObject({
    type: "com.wasmcloud.lattice.component_scaled",
    data: { max_instances: 0 },
  });
  const gone = await call("hello", "inlay:demo/greeter.hello");
  expect(gone.outcome).toBe("no-responders");
}

/** What needs a guest to wait for its host: a sleep, and a host function that answers later. */
export async function tellOfWaiting(stage: Stage): Promise<void> {
  const { peer, images, lattice } = stage;
  expect((await scale(stage, "sleeper", images.url("sleeper.wasm"), 4)).type).toContain(
    "component_scaled",
  );
  expect((await scale(stage, "logger", images.url("logger.wasm"), 2)).type).toContain(
    "component_scaled",
  );
  const sleep = (): ReturnType<NativePeer["invoke"]> =>
    peer.invoke(`${lattice}.sleeper.wrpc.0.0.1.inlay:test/sleeper.sleep`, Uint8Array.of(50), {
      timeoutMs: 30_000,
    });

  const slept = await Promise.all([sleep(), sleep(), sleep(), sleep()]);
  const logged = await peer.invoke(
    `${lattice}.logger.wrpc.0.0.1.inlay:test/logger.log`,
    text("dear log"),
    { timeoutMs: 30_000 },
  );

  for (const { outcome, bytes } of slept) {
    expect(outcome).toBe("ended");
    expect(bytes[0]).toBeGreaterThanOrEqual(49);
  }
  expect(logged.outcome).toBe("ended");
  const messages = (): Promise<unknown> =>
    stage.tab.run(
      `return node.view.peek().log.filter((entry) => entry.event === "guest.log").map((entry) => entry.fields.message)`,
    );
  await expect.poll(messages).toEqual(["dear log"]);
}

/** Puts a link as soon as one of `tabs` does that for the lattice. */
export async function putLink(
  peer: NativePeer,
  lattice: string,
  tabs: readonly JoinedTab[],
  given: Readonly<Record<string, unknown>>,
): Promise<void> {
  await expect
    .poll(async () => Promise.all(tabs.map((tab) => tab.run("return node.view.peek().sharing"))))
    .toContain(true);
  const reply = await peer.ask(`wasmbus.ctl.v1.${lattice}.link.put`, {
    name: "default",
    source_config: [],
    target_config: [],
    ...given,
  });
  expect(reply).toMatchObject({ success: true });
}
