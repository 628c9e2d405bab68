/** Components in tabs that call each other: composed by links alone, within a tab and between tabs, while they move. */
import { expect, test } from "@playwright/test";
import type { NativePeer } from "../support/native-peer.ts";
import type { JoinedTab } from "../support/tabs.ts";

import { serveImages } from "../support/image-server.ts";
import { startInlay } from "../support/inlay-server.ts";
import { connectPeer } from "../support/native-peer.ts";
import { browsers, joinFrom } from "../support/tabs.ts";
import { putLink, scale } from "./story.ts";

/** Each test has a lattice of its own: the server of `npm start` remembers links from one start to the next. */
const newLattice = (): string => `compose-${crypto.randomUUID()}`;
const text = (value: string): Uint8Array =>
  Buffer.concat([Uint8Array.of(value.length), Buffer.from(value)]);

const GREETER = { wit_namespace: "inlay", wit_package: "demo", interfaces: ["greeter"] };

/** What `caller.greet` gives, or how it ended without. */
async function greetIn(lattice: string, peer: NativePeer, name: string): Promise<string> {
  const subject = `${lattice}.caller.wrpc.0.0.1.inlay:test/caller.greet`;
  const { outcome, bytes } = await peer.invoke(subject, text(name));
  return bytes.length > 0 ? bytes.subarray(1).toString() : outcome;
}

test("two components meet by a link: in one tab with nothing on the wire, in two over NATS, while the target moves", async () => {
  await using server = await startInlay();
  await using images = await serveImages();
  await using browser = await browsers.chromium();
  await using peer = await connectPeer(server.wsDirect);
  const lattice = newLattice();
  const options = { servers: [server.ws], lattice };
  const first = await joinFrom(browser, server.page, options);
  const second = await joinFrom(browser, server.page, options);
  const hello = images.url("hello.wasm");
  const on = (tab: JoinedTab) => ({ tab, peer, lattice });
  const wire = await peer.listen(`${lattice}.hello.wrpc.>`);
  const greet = (name: string): Promise<string> => greetIn(lattice, peer, name);

  // Without a link the call ends, and the log says why.
  await scale(on(first), "caller", images.url("caller.wasm"), 10);
  await scale(on(first), "hello", hello, 10);
  expect(await greet("Ada")).toBe("ended");
  const reasons = (): Promise<unknown> =>
    first.run(
      `return node.view.peek().log.filter(({ event }) => event === "import.failed").map(({ fields }) => fields)`,
    );
  await expect
    .poll(reasons)
    .toMatchObject([
      { workload: "caller", instance: "inlay:demo/greeter", link: "default", code: "link-missing" },
    ]);

  // In one tab: nothing goes over the wire.
  await putLink(peer, lattice, [first, second], {
    source_id: "caller",
    target: "hello",
    ...GREETER,
  });
  await expect.poll(() => greet("Ada")).toBe("Hello, Ada!");
  expect(wire.heard).toHaveLength(0);

  // In two tabs: over NATS.
  await scale(on(second), "hello", hello, 10);
  await scale(on(first), "hello", hello, 0);
  expect(await greet("Bob")).toBe("Hello, Bob!");
  expect(wire.heard.map(({ subject }) => subject)).toEqual([
    `${lattice}.hello.wrpc.0.0.1.inlay:demo/greeter.greet`,
  ]);
  expect(wire.heard[0]?.headers?.get("source-id")).toBe("caller");

  // The target comes back and leaves the other tab while calls flow.
  const answers: string[] = [];
  let flowing = true;
  const flow = async (): Promise<void> => {
    while (flowing) answers.push(await greet("Eve"));
  };
  const flows = [flow(), flow(), flow(), flow()];
  await scale(on(first), "hello", hello, 10);
  await scale(on(second), "hello", hello, 0);
  const moved = answers.length;
  await expect.poll(() => answers.length).toBeGreaterThan(moved + 20);
  flowing = false;
  await Promise.all(flows);

  expect(new Set(answers)).toEqual(new Set(["Hello, Eve!"]));
  const before = wire.heard.length;
  expect(await greet("Zoe")).toBe("Hello, Zoe!");
  expect(wire.heard).toHaveLength(before);

  // Quick as it is, it runs beside its caller by and by; it leaves from there as well while calls flow.
  const companions = (event: string): Promise<unknown> =>
    first.run(`return node.view.peek().log.filter(({ event }) => event === arg).length`, event);
  answers.length = 0;
  flowing = true;
  const more = [flow(), flow()];
  await expect.poll(() => companions("companion.entrusted")).toBeGreaterThan(0);
  await scale(on(second), "hello", hello, 10);
  await scale(on(first), "hello", hello, 0);
  const left = answers.length;
  await expect.poll(() => answers.length).toBeGreaterThan(left + 20);
  flowing = false;
  await Promise.all(more);

  expect(new Set(answers)).toEqual(new Set(["Hello, Eve!"]));
  await expect.poll(() => companions("companion.dismissed")).toBeGreaterThan(0);
  expect(await companions("companion.lost")).toBe(0);

  // A name of its own leads elsewhere, to somebody who is not there.
  await putLink(peer, lattice, [first, second], {
    source_id: "caller",
    target: "nobody",
    name: "backup",
    ...GREETER,
  });
  const named = Buffer.concat([text("backup"), text("Ada")]);
  const lost = await peer.invoke(`${lattice}.caller.wrpc.0.0.1.inlay:test/caller.greet-by`, named);
  expect(lost).toMatchObject({ outcome: "ended", bytes: Buffer.alloc(0) });

  const metric = (name: string, id: string): Promise<unknown> =>
    first.run(
      `return node.view.peek().metrics.find(
        ({ name, attributes }) => name === arg.name && attributes["component.id"] === arg.id,
      )`,
      { name: `wasmcloud_host.${name}`, id },
    );
  const operation = "inlay:demo/greeter/greet";
  await expect
    .poll(() => metric("handle_rpc_message.duration", "hello"))
    .toMatchObject({ kind: "histogram", attributes: { operation } });
  await expect
    .poll(() => metric("call_rpc_message.duration", "caller"))
    .toMatchObject({ kind: "histogram", attributes: { operation } });
});
