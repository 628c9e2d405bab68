/** Composition through a leaf node: the tabs on the leaf, the caller and the links on the hub, in its JetStream domain. */
import { expect, test } from "@playwright/test";
import { serveImages } from "../support/image-server.ts";
import { startInlay } from "../support/inlay-server.ts";
import { launchNats } from "../support/launch-nats.ts";
import { connectPeer } from "../support/native-peer.ts";
import { browsers, joinFrom, type JoinedTab } from "../support/tabs.ts";
import { scale } from "./story.ts";

const DOMAIN = "hub";
const NAME = Buffer.from("\u0003Ada");

test("two tabs on a leaf are composed by links of the hub's domain, and called from the hub while the target moves", async () => {
  await using server = await startInlay();
  await using images = await serveImages();
  await using hub = await launchNats({ leafListen: true, domain: DOMAIN });
  await using leaf = await launchNats({
    leafRemotes: [`${hub.ws}/leafnode`],
    jetstream: false,
  });
  await using caller = await connectPeer(hub.ws);
  await using browser = await browsers.chromium();
  const lattice = "leaf-compose";
  const options = { servers: [leaf.ws], lattice, jsDomain: DOMAIN };
  const first = await joinFrom(browser, server.page, options);
  const second = await joinFrom(browser, server.page, options);
  const on = (tab: JoinedTab) => ({ tab, peer: caller, lattice });
  const greet = async (): Promise<string> => {
    const subject = `${lattice}.caller.wrpc.0.0.1.inlay:test/caller.greet`;
    const { outcome, bytes } = await caller.invoke(subject, NAME);
    return bytes.length > 0 ? bytes.subarray(1).toString() : outcome;
  };
  const sharing = (tab: JoinedTab): Promise<unknown> => tab.run("return node.view.peek().sharing");
  const hello = images.url("hello.wasm");

  await scale(on(first), "caller", images.url("caller.wasm"), 10);
  await scale(on(second), "hello", hello, 10);
  await expect.poll(async () => Promise.all([first, second].map(sharing))).toContain(true);
  const reply = await caller.ask(`wasmbus.ctl.v1.${lattice}.link.put`, {
    source_id: "caller",
    target: "hello",
    name: "default",
    wit_namespace: "inlay",
    wit_package: "demo",
    interfaces: ["greeter"],
  });
  expect(reply).toMatchObject({ success: true });

  await expect.poll(greet).toBe("Hello, Ada!");

  const answers: string[] = [];
  let flowing = true;
  const flow = async (): Promise<void> => {
    while (flowing) answers.push(await greet());
  };
  const flows = [flow(), flow()];
  await scale(on(first), "hello", hello, 10);
  await scale(on(second), "hello", hello, 0);
  const moved = answers.length;
  await expect.poll(() => answers.length).toBeGreaterThan(moved + 20);
  flowing = false;
  await Promise.all(flows);

  expect(new Set(answers)).toEqual(new Set(["Hello, Ada!"]));
});
