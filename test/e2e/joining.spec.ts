import { cpSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "@playwright/test";

import { DIST } from "../../src/cli/project.ts";
import { startInlay } from "../support/inlay-server.ts";
import { serveFolder } from "../support/folder-server.ts";
import { launchNats } from "../support/launch-nats.ts";
import { connectPeer } from "../support/native-peer.ts";
import { browsers, joinFrom } from "../support/tabs.ts";
import { openTcpProxy } from "../support/tcp-proxy.ts";

test("a join that fails leaves nothing behind in the page", async () => {
  await using server = await startInlay();
  await using nats = await launchNats({ users: [{ user: "tab", password: "s3cret" }] });
  await using browser = await browsers.chromium();
  const tab = await browser.open(`${server.page}inlay.json`);

  const blocked = await tab.run(
    `const { join } = await import(arg.library);
     const codes = [];
     for (let n = 0; n < 3; n++) await join({ servers: [arg.nats] }).catch((error) => codes.push(error.code));
     // The least of some: the machine may stop this page for a while as well.
     const held = Array.from({ length: 5 }, () => {
       const before = performance.now();
       document.dispatchEvent(new Event("freeze"));
       return performance.now() - before;
     });
     return { codes, heldMs: Math.min(...held) };`,
    { library: `${server.page}lib/index.js`, nats: nats.ws },
  );

  expect(blocked).toMatchObject({ codes: ["denied", "denied", "denied"] });
  expect((blocked as { heldMs: number }).heldMs).toBeLessThan(50);
});

test("who leaves while joining is not failed, and leaves no host behind", async () => {
  await using server = await startInlay();
  await using nats = await launchNats();
  await using proxy = await openTcpProxy(nats.wsPort);
  await using peer = await connectPeer(nats.ws);
  const events = await peer.listen("wasmbus.evt.default.*");
  await using browser = await browsers.chromium();
  const tab = await browser.open(`${server.page}inlay.json`);
  proxy.delay(300);

  const phases = await tab.run(
    `const { startJoining } = await import(arg.library);
     const phases = [];
     const leaving = new AbortController();
     const joining = startJoining({ servers: [arg.nats], signal: leaving.signal });
     const subscribing = new Promise((resolve) => joining.view.subscribe((state) => {
       if (phases.at(-1) !== state.phase) phases.push(state.phase);
       if (state.joinSteps.some(({ name }) => name === "subscribe")) resolve();
     }));
     await subscribing;
     leaving.abort();
     const code = await joining.joined.then(() => "joined", (error) => error.code);
     return { phases, code, last: joining.view.peek().phase };`,
    { library: `${server.page}lib/index.js`, nats: `ws://127.0.0.1:${proxy.port}` },
  );

  expect(phases).toMatchObject({ last: "stopped" });
  await events.next((json) => (json as { type: string }).type.endsWith("host_stopped"));
});

test("calls run on a connection of their own where they have credentials of their own", async () => {
  await using server = await startInlay();
  const users = [
    { user: "control", password: "c", permissions: { subscribe: { deny: ["default.>"] } } },
    { user: "rpc", password: "r", permissions: { subscribe: { deny: ["wasmbus.>"] } } },
    { user: "peer", password: "p" },
  ];
  await using nats = await launchNats({ users });
  await using browser = await browsers.chromium();
  await using peer = await connectPeer(nats.ws, { user: "peer", pass: "p" });

  const tab = await joinFrom(browser, server.page, {
    servers: [nats.ws],
    credentials: { user: "control", pass: "c" },
    rpcCredentials: { user: "rpc", pass: "r" },
  });
  await tab.run(`await node.start({ id: "hello", image: "${server.page}demo/hello.wasm" })`);

  const { bytes } = await peer.invoke(
    "default.hello.wrpc.0.0.1.inlay:demo/greeter.greet",
    Buffer.from("\u0003Ada"),
  );
  expect(bytes.length).toBe(12);
});

test("what only components need is loaded after joining; without it a start says what is missing, and can be tried again", async () => {
  const folder = mkdtempSync(join(tmpdir(), "inlay-workers-"));
  cpSync(DIST, folder, { recursive: true });
  const workers = join(folder, "workers");
  const name = readdirSync(workers).find((each) => each.startsWith("components-")) ?? "";
  renameSync(join(workers, name), join(folder, "away"));
  await using files = await serveFolder(folder);
  await using server = await startInlay();
  await using nats = await launchNats();
  await using peer = await connectPeer(nats.ws);
  await using browser = await browsers.chromium();

  const tab = await joinFrom(browser, server.page, {
    servers: [nats.ws],
    workers: `${files.url}workers/`,
  });
  const start = `await node.start({ id: "hello", image: "${server.page}demo/hello.wasm" })`;
  const refused = await tab.run(
    `try { ${start} } catch ({ code, message }) { return { code, message }; }`,
  );
  expect(refused).toMatchObject({
    code: "unsupported",
    message: expect.stringMatching(/code for components could not be loaded.*reload the page/),
  });

  renameSync(join(folder, "away"), join(workers, name));
  await tab.run(start);
  const { bytes } = await peer.invoke(
    "default.hello.wrpc.0.0.1.inlay:demo/greeter.greet",
    Buffer.from("\u0003Ada"),
  );
  expect(bytes.length).toBe(12);
  rmSync(folder, { recursive: true });
});
