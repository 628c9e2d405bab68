import { expect, test } from "@playwright/test";
import { serveImages } from "../support/image-server.ts";
import { startInlay } from "../support/inlay-server.ts";
import { connectPeer } from "../support/native-peer.ts";
import { browsers, joinFrom } from "../support/tabs.ts";

/** Each has a worker of its own; where workers start workers, Firefox hangs within a dozen. */
const COMPONENTS = 12;

for (const name of ["chromium", "firefox"] as const) {
  test(`${name} starts components while the page itself is busy`, async () => {
    await using server = await startInlay();
    await using images = await serveImages();
    const lattice = `busy-${name}`;
    await using browser = await browsers[name]();
    await using peer = await connectPeer(server.wsDirect);
    const tab = await joinFrom(browser, server.page, { servers: [server.ws], lattice });
    await tab.run(
      `const spin = () => { const until = performance.now() + 15; while (performance.now() < until); };
       globalThis.busy = setInterval(spin, 16);`,
    );

    await tab.run(
      `for (let n = 0; n < arg.count; n++) await node.start({ id: "hello-" + n, image: arg.image });`,
      { count: COMPONENTS, image: images.url("hello.wasm") },
    );
    const answers = await Promise.all(
      Array.from({ length: COMPONENTS }, (_, n) =>
        peer.invoke(
          `${lattice}.hello-${n}.wrpc.0.0.1.inlay:demo/greeter.greet`,
          Buffer.from("\u0003Ada"),
          { timeoutMs: 30_000 },
        ),
      ),
    );

    expect(answers.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(
      Array(COMPONENTS).fill("\u000bHello, Ada!"),
    );
  });
}
