import { once } from "node:events";
import { appendFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "@playwright/test";

import { DIST } from "../../src/cli/project.ts";
import { serveFolder } from "../support/folder-server.ts";
import { serveImages } from "../support/image-server.ts";
import { launchNats } from "../support/launch-nats.ts";
import { connectPeer } from "../support/native-peer.ts";
import { browsers, type Tab } from "../support/tabs.ts";

const GUIDE = readFileSync(join(import.meta.dirname, "../../docs/embedding.md"), "utf8");

/** What the build says of the loader: read when a test runs, since the build may come before it. */
function integrity(): string {
  const hashes: Readonly<Record<string, string>> = JSON.parse(
    readFileSync(join(DIST, "integrity.json"), "utf8"),
  );
  return hashes["inlay.js"] ?? "";
}

/** The strictest policy of docs/embedding.md, for these servers. */
function strictPolicy(files: string, lattice: string, images: string): string {
  const [, block = ""] = /```text\n(default-src 'none';[^`]+)```/.exec(GUIDE) ?? [];
  return block
    .replaceAll("\n", " ")
    .replace("sha384-…", integrity())
    .replace("https://inlay.example/", files)
    .replace("wss://lattice.example:4223", lattice)
    .replace("https://images.example/", images);
}

function tag(files: string, attributes: Readonly<Record<string, string>>): string {
  const texts = Object.entries(attributes).map(([name, value]) => `${name}="${value}"`);
  return `<!doctype html><title>A web app</title>
    <script src="${files}inlay.js" integrity="${integrity()}" crossorigin="anonymous" ${texts.join(" ")}></script>`;
}

/** Serves `html` from an origin of its own. */
async function serveHtml(
  html: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<AsyncDisposable & { readonly url: string }> {
  const web = createServer((_, response) =>
    response.writeHead(200, { "content-type": "text/html", ...headers }).end(html),
  );
  web.listen(0, "127.0.0.1");
  await once(web, "listening");
  const address = web.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}/`,
    async [Symbol.asyncDispose]() {
      web.closeAllConnections();
      web.close();
      await once(web, "close");
    },
  };
}

/** Resolves when the page's only component runs, or has failed, with its state. */
function settled(tab: Tab): Promise<unknown> {
  return tab.run(`
    const { view } = await inlay.node;
    return new Promise((resolve) => {
      const look = ({ workloads: [first] }) => {
        if (["running", "failed"].includes(first?.state.phase)) resolve(first.state);
      };
      view.subscribe(look);
      look(view.peek());
    });`);
}

for (const name of ["chromium", "firefox"] as const) {
  test(`${name}: the tag joins and runs a component on a page of another origin, under the strictest policy of the guide`, async () => {
    await using files = await serveFolder(DIST);
    await using nats = await launchNats();
    await using images = await serveImages();
    await using peer = await connectPeer(nats.ws);
    const image = images.url("hello.wasm");
    const policy = strictPolicy(files.url, nats.ws, new URL("/", image).href);
    await using web = await serveHtml(
      tag(files.url, {
        "data-servers": nats.ws,
        "data-name": "shop",
        "data-labels": "zone=edge,rack=7",
        "data-component": `hello=${image}`,
        "data-badge": "",
      }),
      { "content-security-policy": policy },
    );
    await using browser = await browsers[name]();

    const tab = await browser.open(web.url);
    const state = await settled(tab);
    const { bytes } = await peer.invoke(
      "default.hello.wrpc.0.0.1.inlay:demo/greeter.greet",
      Buffer.from("\u0003Ada"),
    );
    const badge = await tab.run(`
      const [badge] = document.querySelectorAll("lattice-host");
      return { isolated: crossOriginIsolated, radius: getComputedStyle(badge.shadowRoot.querySelector("button")).borderRadius };`);

    expect(await peer.ask("wasmbus.ctl.v1.default.host.ping")).toMatchObject({
      response: { friendly_name: "shop", labels: { zone: "edge", rack: "7" } },
    });
    expect(policy).toMatch(/script-src 'sha384-\S{64}' blob: 'wasm-unsafe-eval';/);
    expect(state).toMatchObject({ phase: "running" });
    expect(Buffer.from(bytes).toString()).toBe("\u000bHello, Ada!");
    expect(badge).toEqual({ isolated: false, radius: "4px" });
  });
}

test("the tag's badge works beside the page's own copy of the library", async () => {
  await using files = await serveFolder(DIST);
  await using nats = await launchNats();
  await using web = await serveHtml(`<!doctype html><title>A web app</title>
    <script type="module">
      await import("${files.url}lib/index.js");
      const tag = document.createElement("script");
      tag.src = "${files.url}inlay.js";
      Object.assign(tag.dataset, { servers: "${nats.ws}", badge: "" });
      document.head.append(tag);
    </script>`);
  await using browser = await browsers.chromium();

  const tab = await browser.open(web.url);
  const shown = await tab.run(`
    while (globalThis.inlay === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
    const node = await inlay.node;
    return document.querySelector("lattice-host").node === node;`);

  expect(shown).toBe(true);
});

test("files of another origin that are not those of the tag's build do not run", async () => {
  const folder = mkdtempSync(join(tmpdir(), "inlay-changed-"));
  cpSync(DIST, folder, { recursive: true });
  const change = (below: string, prefix: string): void => {
    const [name = ""] = readdirSync(join(folder, below)).filter((each) => each.startsWith(prefix));
    appendFileSync(join(folder, below, name), "\nglobalThis.changed = true;\n");
  };
  await using files = await serveFolder(folder);
  await using nats = await launchNats();
  await using images = await serveImages();
  const attributes = {
    "data-servers": nats.ws,
    "data-component": `hello=${images.url("hello.wasm")}`,
  };
  await using web = await serveHtml(tag(files.url, attributes));

  /** In a browser that has kept nothing: names with a hash are asked for once. */
  const look = async <T>(see: (tab: Tab) => Promise<T>): Promise<T> => {
    await using browser = await browsers.chromium();
    return await see(await browser.open(web.url));
  };
  const refusal = `return inlay.node.then(() => "joined", ({ code, message }) => code + " " + message)`;

  change("workers", "component.worker-");
  const started = await look(settled);
  change("workers", "host.worker-");
  const joined = await look((tab) => tab.run(refusal));
  change("assets", "join-");
  const [loaded, changed] = await look(async (tab) => [
    await tab.run(refusal),
    await tab.run(`return globalThis.changed === true`),
  ]);

  const other = /could not be loaded, or is another version than the script tag's/;
  expect(started).toMatchObject({ phase: "failed", error: expect.stringMatching(other) });
  expect(joined).toMatch(/^worker-lost the inlay host worker cannot be started: /);
  expect(joined).toMatch(other);
  expect(loaded).toMatch(other);
  expect(changed).toBe(false);
  rmSync(folder, { recursive: true });
});
