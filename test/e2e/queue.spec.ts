import { expect, test } from "@playwright/test";

import { serveImages } from "../support/image-server.ts";
import { startInlay } from "../support/inlay-server.ts";
import { connectPeer } from "../support/native-peer.ts";
import { browsers, joinFrom } from "../support/tabs.ts";
import { scale } from "./story.ts";

const params = Buffer.from("\u0003Ada");
const subject = "default.hello.wrpc.0.0.1.inlay:demo/greeter.greet";

test("two tabs share 1,000 calls; closing one loses only what was in flight there", async () => {
  await using server = await startInlay();
  await using images = await serveImages();
  await using browser = await browsers.chromium();
  await using peer = await connectPeer(server.wsDirect);
  const options = { servers: [server.ws] };
  const first = await joinFrom(browser, server.page, options);
  const second = await joinFrom(browser, server.page, options);
  expect(first.hostId).not.toBe(second.hostId);
  for (const tab of [first, second])
    await scale({ tab, peer, lattice: "default" }, "hello", images.url("hello.wasm"), 10);
  const answered = (tab: typeof first): Promise<unknown> =>
    tab.run("return node.view.peek().totals.answered");

  let done = 0;
  const all = async (count: number, onEach: () => void = () => undefined): Promise<number> => {
    let lost = 0;
    const lane = async (): Promise<void> => {
      while (done < count) {
        done++;
        const { outcome, bytes } = await peer.invoke(subject, params, { timeoutMs: 3000 });
        if (outcome !== "ended" || bytes.length !== 12) lost++;
        onEach();
      }
    };
    await Promise.all(Array.from({ length: 16 }, lane));
    return lost;
  };
  expect(await all(1000)).toBe(0);
  await expect
    .poll(async () => Number(await answered(first)) + Number(await answered(second)))
    .toBe(1000);
  const share = Number(await answered(first)) / 1000;
  expect(share).toBeGreaterThan(0.35);
  expect(share).toBeLessThan(0.65);

  done = 0;
  let finished = 0;
  let closing: Promise<void> | undefined;
  const lost = await all(1000, () => {
    if (++finished === 300) closing = second.close();
  });
  await closing;

  test.info().annotations.push({ type: "lost calls", description: String(lost) });
  expect(lost).toBeLessThanOrEqual(16);
  await expect.poll(() => answered(first)).toBeGreaterThan(1000);
});
