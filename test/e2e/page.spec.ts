import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { resolve } from "node:path";
import { expect, type Locator, test } from "@playwright/test";
import type { InlayServer } from "../support/inlay-server.ts";

import { CHROMIUM_FLAGS } from "../support/chromium.ts";
import { fixture } from "../support/fixtures.ts";
import { serveImages } from "../support/image-server.ts";
import { startInlay } from "../support/inlay-server.ts";
import { launchNats } from "../support/launch-nats.ts";
import { connectPeer } from "../support/native-peer.ts";
import { openTestRegistry } from "../support/registry.ts";
import { WAITS } from "./waits.ts";

const greeting = Buffer.from("\u000bHello, Ada!").toString();
const greet = "hello.wrpc.0.0.1.inlay:demo/greeter.greet";

let server: InlayServer;
test.beforeAll(async () => {
  server = await startInlay();
});
test.afterAll(() => server[Symbol.asyncDispose]());
// The next test is in the same lattice: it must not meet what the server still takes for this one's tab.
test.afterEach(async ({ page }) => {
  await page.close();
  await using peer = await connectPeer(server.wsDirect);
  const deserted = async (subject: string): Promise<boolean> =>
    peer.nats.request(subject, undefined, { timeout: 250 }).then(
      () => false,
      (thrown: { readonly code?: string }) => thrown.code === "503", // nobody subscribes
    );
  await expect.poll(() => deserted("wasmbus.ctl.v1.default.host.ping")).toBe(true);
  await expect.poll(() => deserted(`default.${greet}`)).toBe(true);
});

/** Serves `html` from an origin of its own. */
async function serveHtml(html: string): Promise<AsyncDisposable & { readonly url: string }> {
  const web = createServer((_, response) =>
    response.setHeader("content-type", "text/html").end(html),
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

test("opened from npm start, the page joins at once, runs the demo, and shows each call", async ({
  page,
}) => {
  await using peer = await connectPeer(server.wsDirect);
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));

  await page.goto(server.page);
  await expect(page.locator("html")).toHaveAttribute("data-node-state", "joined");
  await expect(page.getByText("Running", { exact: true })).toBeVisible();
  const { bytes } = await peer.invoke(`default.${greet}`, Buffer.from("\u0003Ada"));

  expect(Buffer.from(bytes).toString()).toBe(greeting);
  expect(await page.locator("html").getAttribute("data-host-id")).toMatch(/^N[A-Z2-7]{55}$/);
  expect(await page.locator("html").getAttribute("data-node-error")).toBeNull();
  const calls = page.getByRole("region", { name: "Calls" });
  await expect(calls.getByText("greet", { exact: true })).toBeVisible();
  await expect(calls.getByText("inlay:demo/greeter")).toBeVisible();
  expect(faults).toEqual([]);
});

test("npm run call is answered by the demo in the tab, and wash's parameterless call too", async ({
  page,
}) => {
  await page.goto(server.page);
  await expect(page.getByText("Running", { exact: true })).toBeVisible();
  const call = async (...args: readonly string[]): Promise<{ code: unknown; out: string }> => {
    const child = spawn(process.execPath, ["--import", "tsx", "src/cli/call.ts", ...args], {
      cwd: resolve(import.meta.dirname, "../.."),
      stdio: ["ignore", "pipe", "inherit"],
    });
    let out = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    const [code]: unknown[] = await once(child, "exit");
    return { code, out: out.trim() };
  };
  const servers = ["--servers", server.nats];

  const greeted = await call(
    "hello",
    "inlay:demo/greeter.greet",
    '"Ada"',
    "--wit",
    "public/demo/hello.wit",
    ...servers,
  );
  const helloed = await call("hello", "inlay:demo/greeter.hello", ...servers);

  expect(greeted).toEqual({ code: 0, out: '"Hello, Ada!"' });
  expect(helloed.code).toBe(0);
  expect(helloed.out).toMatch(/^".+"$/);
});

test("the query names server, lattice, name, labels and components", async ({ page }) => {
  await using peer = await connectPeer(server.wsDirect);
  const query = new URLSearchParams([
    ["servers", server.ws],
    ["lattice", "by-query"],
    ["name", "front-desk"],
    ["label", "zone=edge"],
    ["label", "rack=7"],
    ["component", `hi=${server.page}demo/hello.wasm`],
    ["autojoin", ""],
  ]);

  await page.goto(`${server.page}index.html?${query.toString()}`);
  await expect(page.locator("html")).toHaveAttribute("data-node-state", "joined");
  await expect(page.getByText("Running", { exact: true })).toBeVisible();

  expect(await peer.ask("wasmbus.ctl.v1.by-query.host.ping")).toMatchObject({
    response: {
      friendly_name: "front-desk",
      labels: { zone: "edge", rack: "7", "hostcore.arch": "wasm32", "inlay.browser": "chrome" },
    },
  });
  const { bytes } = await peer.invoke(
    "by-query.hi.wrpc.0.0.1.inlay:demo/greeter.greet",
    Buffer.from("\u0003Ada"),
  );
  expect(Buffer.from(bytes).toString()).toBe(greeting);
});

test("a component that cannot be started is told on the page in a sentence", async ({ page }) => {
  await page.goto(server.page);
  await expect(page.locator("html")).toHaveAttribute("data-node-state", "joined");

  await page.getByLabel("Component", { exact: true }).fill(`${server.page}demo/absent.wasm`);
  await page.getByRole("button", { name: "Start", exact: true }).click();

  await expect(page.getByText(/answered 404/).first()).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("data-node-state", "joined");
});

test(
  "servers that cannot be reached give error no-servers, and for each what was seen and what is likely",
  WAITS,
  async ({ page }) => {
    await using guarded = await launchNats({ origins: ["https://elsewhere.example"] });
    const servers = ["ws://127.0.0.1:1", guarded.ws, guarded.nats.replace("nats:", "ws:")];
    const query = new URLSearchParams(servers.map((each) => ["servers", each]));

    await page.goto(`${server.page}?${query}&autojoin`);

    await expect(page.locator("html")).toHaveAttribute("data-node-state", "failed");
    await expect(page.locator("html")).toHaveAttribute("data-node-error", "no-servers");
    const about = (each: string): Locator => page.getByRole("region", { name: `About ${each}` });
    await expect(about(servers[0] ?? "")).toContainText("Likely Nothing listens at 127.0.0.1:1");
    await expect(about(guarded.ws)).toContainText("Seen Something answers at");
    await expect(about(guarded.ws)).toContainText(`Add "${new URL(server.page).origin}" to`);
    await expect(about(servers[2] ?? "")).toContainText("Likely Nothing listens");
  },
);

test("a page from plain http on a name that is not loopback says what to do", async ({
  playwright,
}) => {
  const browser = await playwright.chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: [...CHROMIUM_FLAGS, "--host-resolver-rules=MAP inlay.example 127.0.0.1"],
  });
  const page = await browser.newPage();
  const { port } = new URL(server.page);

  await page.goto(`http://inlay.example:${port}/`);

  await expect(page.locator("html")).toHaveAttribute("data-node-state", "failed");
  await expect(page.locator("html")).toHaveAttribute("data-node-error", "insecure-context");
  await expect(page.getByText(/https/).first()).toBeVisible();
  await browser.close();
});

test("an invitation shows what it would do, and does it when it is asked to", async ({
  page,
  context,
}) => {
  await using nats = await launchNats({ users: [{ user: "tab", password: "s3cret" }] });
  const query = new URLSearchParams({ servers: nats.ws, lattice: "shop", label: "zone=till" });
  await page.goto(`${server.page}?${query}&autojoin#user=tab&pass=s3cret`);
  await expect(page.locator("html")).toHaveAttribute("data-node-state", "joined");
  await page.getByText("Invite another tab").click();
  const link = await page.getByLabel("Link", { exact: true }).inputValue();
  expect(link).not.toContain("s3cret");
  await expect(page.getByRole("img", { name: "QR code of the link" })).toBeVisible();

  const second = await context.newPage();
  await second.goto(`${link}#user=tab&pass=s3cret`);
  await expect(second.getByRole("heading", { name: "Join this lattice?" })).toBeVisible();
  await expect(second.locator(".offer")).toContainText("the password of tab");
  await expect(second.locator(".offer")).not.toContainText("s3cret");
  await expect(second.locator("html")).toHaveAttribute("data-node-state", "idle");
  await second.getByRole("button", { name: "Join", exact: true }).click();

  await expect(second.locator("html")).toHaveAttribute("data-node-state", "joined");
  await expect(second.locator(".labels")).toContainText("zone=till");
  await second.close();
});

test("without a server the page starts, and takes its components along when it connects to one", async ({
  page,
}) => {
  await using nats = await launchNats();
  await using peer = await connectPeer(nats.ws);
  await page.goto(`${server.page}?lattice=alone`);

  await page.getByRole("button", { name: "Start without a server" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-node-state", "joined");
  await page.getByLabel("Component", { exact: true }).fill(`${server.page}demo/hello.wasm`);
  await page.getByLabel("Id optional").fill("hello");
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await expect(page.locator(".component-running")).toHaveCount(1);
  await page.getByRole("button", { name: "Connect to NATS" }).click();
  await expect(page.locator("form.join")).toContainText("hello comes along");
  await page.getByLabel("Server").fill(nats.ws);
  await page.getByRole("button", { name: "Join", exact: true }).click();

  await expect(page.locator("html")).toHaveAttribute("data-node-state", "joined");
  const call = async (): Promise<string> =>
    Buffer.from(
      (await peer.invoke(`alone.${greet}`, Uint8Array.of(3, 65, 100, 97))).bytes,
    ).toString();
  await expect.poll(call).toBe(greeting);
});

test("the key of this browser joins, and is the same after a reload", async ({ page }) => {
  const choose = async (): Promise<string> => {
    await page.goto(`${server.page}?lattice=keyed`);
    await page.getByRole("radio", { name: "This browser’s key" }).check();
    const key = page.getByLabel("Public key", { exact: true });
    await expect(key).toHaveText(/^U[A-Z2-7]{55}$/);
    return (await key.textContent()) ?? "";
  };
  const first = await choose();
  const second = await choose();
  await using nats = await launchNats({ users: [{ nkey: second }] });

  await page.getByLabel("Server").fill(nats.ws);
  await page.getByRole("button", { name: "Join", exact: true }).click();

  await expect(page.locator("html")).toHaveAttribute("data-node-state", "joined");
  expect(second).toBe(first);
});

test("credentials in the fragment are wiped from the address", async ({ page }) => {
  await using nats = await launchNats({ users: [{ user: "tab", password: "s3cret" }] });

  await page.goto(
    `${server.page}?servers=${encodeURIComponent(nats.ws)}&autojoin#user=tab&pass=s3cret`,
  );
  await expect(page.locator("html")).toHaveAttribute("data-node-state", "joined");

  expect(page.url()).not.toContain("s3cret");
  expect(await page.content()).not.toContain("s3cret");
});

test("leaving says goodbye to the lattice", async ({ page }) => {
  await using peer = await connectPeer(server.wsDirect);
  const events = await peer.listen("wasmbus.evt.default.host_stopped");
  await page.goto(server.page);
  await expect(page.locator("html")).toHaveAttribute("data-node-state", "joined");
  const id = await page.locator("html").getAttribute("data-host-id");

  await page.goto("about:blank");

  expect(await events.next((json) => (json as { source: string }).source === id)).toMatchObject({
    source: id,
  });
});

test("while calls run on after Leave, the page says that it waits for them", async ({ page }) => {
  await using images = await serveImages();
  await using peer = await connectPeer(server.wsDirect);
  const events = await peer.listen("wasmbus.evt.default.component_scaled");
  await page.goto(server.page);
  await expect(page.locator("html")).toHaveAttribute("data-node-state", "joined");
  const id = (await page.locator("html").getAttribute("data-host-id")) ?? "";
  const body = { component_ref: images.url("sleeper.wasm"), component_id: "sleeper", count: 2 };
  await peer.ask(`wasmbus.ctl.v1.default.component.scale.${id}`, body);
  await events.next((json) => JSON.stringify(json).includes('"sleeper"'));
  await page.evaluate(`
    globalThis.seen = [];
    new MutationObserver(() => seen.push(document.documentElement.dataset.nodeState))
      .observe(document.documentElement, { attributeFilter: ["data-node-state"] });
  `);

  const sleep = "default.sleeper.wrpc.0.0.1.inlay:test/sleeper.sleep";
  const call = peer.invoke(sleep, Uint8Array.of(0xc0, 0x3e)); // 8 s
  const sleeper = page.getByRole("article", { name: "Component sleeper" });
  await expect(sleeper.getByText("1 of 2 running")).toBeVisible();
  await page.getByRole("button", { name: "Leave" }).click();

  await expect(page.getByRole("heading", { name: "Leaving" })).toBeVisible();
  await expect(page.getByText("1 call is still running", { exact: false }).first()).toBeVisible();
  await expect(page.getByRole("button", { name: "Leave" })).toHaveCount(0);
  const { outcome, bytes } = await call;
  await expect(page.getByRole("heading", { name: "Left the lattice" })).toBeVisible();
  expect({ outcome, answered: bytes.length > 0 }).toEqual({ outcome: "ended", answered: true });
  expect(await page.evaluate("seen")).toEqual(["leaving", "stopped"]);
});

test("what was typed into the form stays while the page looks at its clock", async ({ page }) => {
  await page.goto(`${server.page}?servers=${encodeURIComponent(server.ws)}`);
  await page.getByLabel("Lattice", { exact: true }).fill("shop");
  await page.getByText("Registries").click();
  await page.getByLabel("Host", { exact: true }).fill("ghcr.io");

  await page.evaluate(`(async () => {
    const all = document.querySelector("inlay-page");
    all.nowMs += 1000; // as each second does
    await all.updateComplete;
  })()`);

  await expect(page.getByLabel("Lattice", { exact: true })).toHaveValue("shop");
  await expect(page.getByLabel("Host", { exact: true })).toHaveValue("ghcr.io");
});

test("credentials of a registry from the form fetch an image, and are nowhere to be read", async ({
  page,
}) => {
  await using registry = await openTestRegistry({
    auth: { by: "token", username: "anna", password: "hunter2" },
  });
  registry.push("acme/hello", "0.1.0", fixture("hello"));
  await using peer = await connectPeer(server.wsDirect);
  const events = await peer.listen("wasmbus.evt.default.*");
  await page.goto(`${server.page}?servers=${encodeURIComponent(server.ws)}`);
  const details = page.locator("details", { hasText: "Registries" });
  await expect(details).toBeVisible();
  await expect(page.getByLabel("Host", { exact: true })).toBeHidden();

  await page.getByText("Registries").click();
  await expect(details).toHaveAttribute("open");
  await page.getByLabel("Host", { exact: true }).fill("no host");
  await page.getByText("Registries").click();
  await expect(details).not.toHaveAttribute("open");
  await page.getByRole("button", { name: "Join" }).click();
  await expect(page.getByLabel("Host", { exact: true })).toBeFocused();
  await page.getByLabel("Host", { exact: true }).fill(registry.host);
  await page.getByLabel("User").fill("anna");
  await page.getByLabel("Password or access token").fill("hunter2");
  await page.getByRole("button", { name: "Join" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-node-state", "joined");
  const host = (await page.locator("html").getAttribute("data-host-id")) ?? "";
  await peer.ask(`wasmbus.ctl.v1.default.component.scale.${host}`, {
    component_ref: `${registry.host}/acme/hello:0.1.0`,
    component_id: "private",
    count: 1,
  });

  const told = await events.next((json) => JSON.stringify(json).includes('"private"'));
  expect(told).toMatchObject({ source: host, type: "com.wasmcloud.lattice.component_scaled" });
  const seen = await page.evaluate(`(async () => {
    const databases = await indexedDB.databases();
    const entries = await Promise.all(databases.map(({ name }) => new Promise((resolve, reject) => {
      const opening = indexedDB.open(name);
      opening.onerror = reject;
      opening.onsuccess = async () => {
        const all = [...opening.result.objectStoreNames].map((store) => new Promise((done, fail) => {
          const asked = opening.result.transaction(store).objectStore(store).getAll();
          asked.onsuccess = () => done(asked.result);
          asked.onerror = fail;
        }));
        resolve(await Promise.all(all));
      };
    })));
    const state = document.querySelector("inlay-page").state;
    return JSON.stringify([
      location.href, { ...localStorage }, { ...sessionStorage }, history.state, document.cookie,
      document.documentElement.outerHTML, state, entries,
    ]);
  })()`);
  expect(seen).toContain(host);
  expect(seen).not.toContain("hunter2");
  expect(seen).not.toContain("anna");
});

test("the kiosk joins by its query and shows nothing to type into", async ({ page }) => {
  await page.goto(
    `${server.page}kiosk.html?servers=${encodeURIComponent(server.ws)}&lattice=kiosk&name=wall-1`,
  );

  await expect(page.locator("html")).toHaveAttribute("data-node-state", "joined");
  await expect(page.getByText("wall-1")).toBeVisible();
  await expect(page.getByRole("textbox")).toHaveCount(0);
});

test("<lattice-host> joins, tells of its state, and leaves when it is removed", async ({
  page,
}) => {
  await using nats = await launchNats();
  await using peer = await connectPeer(nats.ws);
  const events = await peer.listen("wasmbus.evt.default.*");
  await using web = await serveHtml(`<!doctype html><title>A web app</title>
    <script type="module">
      globalThis.states = [];
      globalThis.calls = [];
      addEventListener("inlay-state", ({ detail }) => states.push(detail.phase), true);
      addEventListener("inlay-call", ({ detail }) => calls.push(detail.func), true);
      await import("${server.page}lib/index.js");
    </script>
    <lattice-host servers="${nats.ws}" name="desk" component="hello=${server.page}demo/hello.wasm"></lattice-host>`);

  await page.goto(web.url);
  await events.next((json) => (json as { type: string }).type.endsWith("component_scaled"));
  const called = await page.evaluate(`document.querySelector("lattice-host").node
    .call({ target: "hello", instance: "inlay:demo/greeter", func: "greet", args: ["Ada"] })`);
  await expect.poll(() => page.evaluate(`calls`)).toEqual(["greet"]);
  await page.evaluate(`document.querySelector("lattice-host").remove()`);
  await events.next((json) => (json as { type: string }).type.endsWith("host_stopped"));

  expect(called).toBe("Hello, Ada!");
  expect(await page.evaluate(`states`)).toEqual(expect.arrayContaining(["connecting", "joined"]));

  await page.evaluate(`
    states.length = 0;
    document.body.innerHTML = '<lattice-host servers="${nats.ws}" name="again"></lattice-host>';
  `);
  const badge = page.getByRole("button", { name: "joined, again" });
  const menu = page.getByRole("group", { name: "Inlay" });
  await badge.focus();
  await page.keyboard.press("Enter");
  await expect(menu.getByText("Joined lattice default")).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("button", { name: "Leave" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(menu).toHaveCount(0);
  await expect(badge).toBeFocused();
  await badge.click();
  await page.mouse.click(600, 500);
  await expect(menu).toHaveCount(0);
  await badge.click();
  await page.getByRole("button", { name: "Leave" }).click();
  await page.getByRole("button", { name: "Join", exact: true }).waitFor();

  expect(await page.evaluate(`[...new Set(states)].slice(-2)`)).toEqual(["leaving", "stopped"]);
});
