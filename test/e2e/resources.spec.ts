/** A component in one tab uses resources that a component in another exports; they are linked by `link.put` alone. */
import { expect, test } from "@playwright/test";

import { serveImages } from "../support/image-server.ts";
import { startInlay } from "../support/inlay-server.ts";
import { connectPeer } from "../support/native-peer.ts";
import { browsers, joinFrom, type JoinedTab } from "../support/tabs.ts";
import { putLink, scale } from "./story.ts";

const TALLIES = "inlay:test/tallies@1.0.0";

test("resources live in a tab, and are used from another tab, from the same one, and by a plain peer", async () => {
  await using server = await startInlay();
  await using images = await serveImages();
  await using browser = await browsers.chromium();
  await using peer = await connectPeer(server.wsDirect);
  const watcher = await connectPeer(server.wsDirect);
  const lattice = `resources-${crypto.randomUUID()}`;
  const options = { servers: [server.ws], lattice };
  const user = await joinFrom(browser, server.page, options);
  const owner = await joinFrom(browser, server.page, options);
  const tally = images.url("tally.wasm");
  const on = (tab: JoinedTab) => ({ tab, peer, lattice });
  const root = `${lattice}.tally.wrpc.0.0.1`;
  const ask = async (target: string, func: string, hex = ""): Promise<string> => {
    const subject = `${lattice}.${target}.wrpc.0.0.1.${func}`;
    const { outcome, bytes } = await peer.invoke(subject, Buffer.from(hex, "hex"));
    return bytes.length > 0 ? Buffer.from(bytes).toString("hex") : outcome;
  };
  const tallier = (func: string, hex: string): Promise<string> =>
    ask("tallier", `inlay:test/tallier@1.0.0.${func}`, hex);
  await scale(on(user), "tallier", images.url("tallier.wasm"), 4);
  await scale(on(owner), "tally", tally, 1);
  await putLink(peer, lattice, [user, owner], {
    source_id: "tallier",
    target: "tally",
    wit_namespace: "inlay",
    wit_package: "test",
    interfaces: ["tallies"],
  });

  // Between tabs: a constructor through the queue group, all else where that led, and the drop.
  const wire = await watcher.listen(`${root}.>`);
  await expect.poll(() => tallier("run", "0502")).toBe("09");
  const tails = (): string[] =>
    wire.heard.map(({ subject }) =>
      subject.slice(root.length + 1).replace(/at\.[0-9a-f]{32}/, "at.*"),
    );
  await expect
    .poll(() => tails().slice(-5))
    .toEqual([
      `${TALLIES}.tally`,
      `at.*.${TALLIES}.tally.increment`,
      `at.*.${TALLIES}.tally.increment`,
      `at.*.${TALLIES}.tally.get`,
      `at.*.${TALLIES}.[resource-drop]tally`,
    ]);
  expect(await tallier("merged", "0502")).toBe("07");
  expect(await tallier("left", "")).toBe("01");

  // What a guest forgets is dropped with its instance.
  await watcher.nats.flush();
  const before = wire.heard.length;
  expect(await tallier("forget", "08")).toBe("08");
  await expect
    .poll(() => tails().slice(before).at(-1))
    .toBe(`at.*.${TALLIES}.[resource-drop]tally`);

  // A peer to whom handles are bytes finds it, whoever gets its calls.
  const handle = await ask("tally", `${TALLIES}.tally`, "05");
  expect(handle).toMatch(/^2500696e6c01[0-9a-f]{64}$/);
  await scale(on(user), "tally", tally, 1);
  const answers: string[] = [];
  for (let count = 0; count < 16; count++) {
    answers.push(await ask("tally", `${TALLIES}.tally.get`, handle));
  }
  expect(new Set(answers)).toEqual(new Set(["05"]));

  // In one tab nothing goes over the wire.
  await watcher.nats.flush();
  const quiet = wire.heard.length;
  expect(await tallier("merged", "0502")).toBe("07");
  await watcher.nats.flush();
  expect(wire.heard).toHaveLength(quiet);

  // With its tab a resource is gone, and nothing else is. Whoever watches is somebody who listens, to the server.
  await watcher[Symbol.asyncDispose]();
  await owner.close();
  const getAgain = async (): Promise<string> => {
    const params = Buffer.from(handle, "hex");
    // What was on its way to the closed tab is never answered.
    return (await peer.invoke(`${root}.${TALLIES}.tally.get`, params, { timeoutMs: 2000 })).outcome;
  };
  await expect.poll(getAgain).toBe("ended");
  const failures = (): Promise<unknown> =>
    user.run(
      `return node.view.peek().log.filter(({ event }) => event === "call.failed").map(({ fields }) => fields.code)`,
    );
  await expect.poll(failures).toContain("gone");
  expect(await tallier("run", "0502")).toBe("09");
});
