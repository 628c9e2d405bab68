import { expect, test } from "@playwright/test";

import { serveImages } from "../support/image-server.ts";
import { startInlay } from "../support/inlay-server.ts";
import { connectPeer } from "../support/native-peer.ts";
import { browsers, joinFrom } from "../support/tabs.ts";
import { scale } from "./story.ts";

for (const bridge of ["jspi", "atomics"] as const) {
  test(`a loop, a trap, memory growth and an import without a link in one component harm no other (${bridge})`, async () => {
    await using server = await startInlay(bridge === "atomics" ? ["--isolate"] : []);
    await using images = await serveImages();
    await using browser = await browsers.chromium();
    await using peer = await connectPeer(server.wsDirect);
    const tab = await joinFrom(browser, server.page, { servers: [server.ws], bridge });
    const stage = { tab, peer, lattice: "default" };
    const limits = { max_memory_limit: String(8 * 1024 * 1024) };
    await scale(stage, "hello", images.url("hello.wasm"), 4);
    await scale(stage, "faulty", images.url("faulty.wasm"), 4, limits);
    const misbehave = (func: string, params: readonly number[] = []) =>
      peer.invoke(`default.faulty.wrpc.0.0.1.inlay:test/faulty.${func}`, Uint8Array.from(params), {
        timeoutMs: 30_000,
      });
    let misbehaving = true;
    const greetings = (async (): Promise<{ sent: number; answered: number }> => {
      let sent = 0;
      let answered = 0;
      while (misbehaving) {
        sent++;
        const { bytes } = await peer.invoke(
          "default.hello.wrpc.0.0.1.inlay:demo/greeter.greet",
          Buffer.from("\u0003Ada"),
        );
        if (Buffer.from(bytes).toString() === "\u000bHello, Ada!") answered++;
      }
      return { sent, answered };
    })();

    const spinStarted = performance.now();
    const spun = await misbehave("spin");
    const spinMs = performance.now() - spinStarted;
    const afterSpin = await misbehave("count");
    const [trapped, lied, recursed] = [
      await misbehave("trap"),
      await misbehave("lie"),
      await misbehave("recurse"),
    ];
    const grewWithin = await misbehave("grow", [16]);
    const grewBeyond = await misbehave("grow", [200, 1]); // 200 pages, 12.5 MiB
    await scale(stage, "unmet", images.url("unmet.wasm"), 1);
    const unlinked = await peer.invoke(
      "default.unmet.wrpc.0.0.1.inlay:test/scales.weigh",
      Uint8Array.of(21),
    );
    const failed = await misbehave("fail");
    misbehaving = false;
    const { sent, answered } = await greetings;

    expect(
      [spun, trapped, lied, recursed].map(({ outcome, bytes }) => [outcome, bytes.length]),
    ).toEqual(Array.from({ length: 4 }, () => ["ended", 0]));
    expect(spinMs).toBeGreaterThan(1500);
    expect(spinMs).toBeLessThan(20_000); // its deadline is 30 s
    expect(Array.from(afterSpin.bytes)).toEqual([1]); // a fresh instance, in a fresh worker
    expect(grewWithin.bytes[0]).toBeLessThan(0x40); // pages there were: not negative
    expect(Array.from(grewBeyond.bytes)).toEqual([0x7f]); // -1
    expect([unlinked.outcome, unlinked.bytes.length]).toEqual(["ended", 0]);
    const reasons = (): Promise<unknown> =>
      tab.run(
        `return node.view.peek().log.filter(({ event }) => event === "import.failed").map(({ fields }) => fields)`,
      );
    await expect
      .poll(reasons)
      .toMatchObject([
        { workload: "unmet", instance: "acme:unknown/thing@1.0.0", code: "link-missing" },
      ]);
    expect(Buffer.from(failed.bytes).toString()).toContain("broken on purpose");
    expect(sent).toBeGreaterThan(10);
    expect(answered).toBe(sent);
  });
}
