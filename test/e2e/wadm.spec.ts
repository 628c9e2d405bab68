import { expect, test } from "@playwright/test";
import { serveImages } from "../support/image-server.ts";
import { startInlay } from "../support/inlay-server.ts";
import { connectPeer } from "../support/native-peer.ts";
import { browsers, joinFrom, type JoinedTab } from "../support/tabs.ts";
import { startWadm } from "../support/wadm.ts";

test("wadm deploys an application with links and configuration onto two tabs by label, scales it, and takes it away", async () => {
  await using server = await startInlay();
  await using images = await serveImages();
  await using browser = await browsers.chromium();
  await using peer = await connectPeer(server.wsDirect);
  const lattice = "wadm";
  await using wadm = await startWadm(peer, lattice);
  const join = (zone: string): Promise<JoinedTab> =>
    joinFrom(browser, server.page, { servers: [server.ws], lattice, labels: { zone } });
  const east = await join("east");
  const west = await join("west");
  const running = (tab: JoinedTab): Promise<unknown> =>
    tab.run(
      `return node.view.peek().workloads.map(({ id, maxInstances, state }) => id + " " + maxInstances + " " + state.phase)`,
    );
  await expect
    .poll(async () =>
      Promise.all([east, west].map((tab) => tab.run("return node.view.peek().sharing"))),
    )
    .toContain(true);
  const spread = (zone: string, instances: number) => [
    { name: zone, instances, requirements: { zone, "hostcore.os": "browser" } },
  ];
  const application = (instances: number) => ({
    name: "greetings",
    components: [
      {
        id: "caller",
        image: images.url("caller.wasm"),
        config: { settings: { mood: "good" } },
        spread: spread("east", instances),
        links: [{ target: "hello", namespace: "inlay", package: "demo", interfaces: ["greeter"] }],
      },
      { id: "hello", image: images.url("hello.wasm"), spread: spread("west", 4) },
    ],
  });

  await wadm.deploy(application(3));

  await expect.poll(() => running(east)).toEqual(["caller 3 running"]);
  await expect.poll(() => running(west)).toEqual(["hello 4 running"]);
  const greet = async (): Promise<string> => {
    const subject = `${lattice}.caller.wrpc.0.0.1.inlay:test/caller.greet`;
    const { bytes } = await peer.invoke(subject, Buffer.from("\u0003Ada"));
    return bytes.subarray(1).toString();
  };
  await expect.poll(greet).toBe("Hello, Ada!");

  await wadm.deploy(application(7));
  await expect.poll(() => running(east)).toEqual(["caller 7 running"]);

  await wadm.undeploy("greetings");
  await expect.poll(() => running(east)).toEqual([]);
  await expect.poll(() => running(west)).toEqual([]);
  expect(wadm.dropped).toEqual([]);
  expect(wadm.refused).toEqual([]);
});
