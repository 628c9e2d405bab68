/** The views of components, links and configuration, as somebody uses them who has nothing but the page. */
import { expect, test } from "@playwright/test";
import type { Page } from "@playwright/test";
import type { InlayServer } from "../support/inlay-server.ts";

import { startInlay } from "../support/inlay-server.ts";
import { connectPeer } from "../support/native-peer.ts";

let server: InlayServer;
test.beforeAll(async () => {
  server = await startInlay();
});
test.afterAll(() => server[Symbol.asyncDispose]());

async function open(page: Page, lattice: string, view: string): Promise<void> {
  const query = new URLSearchParams({ servers: server.ws, lattice, autojoin: "" });
  await page.goto(`${server.page}index.html?${query.toString()}#/${view}`);
  await expect(page.locator("html")).toHaveAttribute("data-node-state", "joined");
}

test("from the gallery to a call with a record, a scale, a link and its configuration", async ({
  page,
}) => {
  await using peer = await connectPeer(server.wsDirect);
  await open(page, "parts", "components");

  await page.getByRole("button", { name: "Start Every type" }).click();
  const part = page.getByRole("region", { name: "types" });
  await expect(part.getByText("Running", { exact: true })).toBeVisible();
  await part.locator("summary", { hasText: "echo-person" }).click();
  const form = part.getByRole("form", { name: "Call echo-person" });
  await form.getByLabel("name string").fill('Ada "the first"');
  await form.getByRole("checkbox", { name: "birth-year" }).check();
  await form.getByLabel("birth-year u16").fill("99999");
  await form.getByRole("button", { name: "Add to tags" }).click();
  await form.getByLabel("tags 1 string").fill("maths");
  await form.getByLabel("x f64").fill("1.5");
  await form.getByLabel("y f64").fill("-2");
  await form.getByLabel("favourite enum").selectOption("light-blue");
  await form.getByRole("button", { name: "Call", exact: true }).click();
  await expect(form.getByText("A whole number from 0 to 65535.")).toBeVisible();
  await form.getByLabel("birth-year u16").fill("1815");
  await form.getByLabel("Where it is called").selectOption("Through the lattice");
  await form.getByRole("button", { name: "Call", exact: true }).click();
  await expect(form.getByLabel("Result", { exact: true })).toHaveText(
    String.raw`{name: "Ada \"the first\"", birth-year: some(1815), tags: ["maths"], home: {x: 1.5, y: -2}, favourite: light-blue}`,
  );
  await form.getByText("As a command").click();
  await expect(form.getByText("npm run call -- types inlay:test/types.echo-person")).toBeVisible();
  await expect(form.getByText("wash call passes no arguments")).toBeVisible();

  await part.getByLabel("Calls at once").fill("3");
  await part.getByRole("button", { name: "Scale" }).click();
  await expect(part.getByText("It takes 3 calls at once now.")).toBeVisible();
  await expect(part.getByText("of 3 running")).toBeVisible();

  await page.getByRole("button", { name: "Start Counter" }).click();
  const counter = page.getByRole("region", { name: "counter" });
  await expect(counter.getByText("nobody")).toHaveCount(2);
  await counter.getByText("wasi:keyvalue/store").click();
  await counter.getByRole("link", { name: "put a link" }).click();

  const config = page.getByRole("form", { name: "New configuration" });
  await config.getByLabel("Name").fill("carts");
  await config.getByLabel("Key 1", { exact: true }).fill("bucket");
  await config.getByLabel("Value 1", { exact: true }).fill("visits");
  await config.getByRole("button", { name: "Put configuration" }).click();
  await expect(page.getByRole("button", { name: "Show values of carts" })).toBeVisible();
  const put = page.getByRole("form", { name: "New link" });
  await put.getByLabel("Source", { exact: true }).fill("counter");
  await put.getByLabel("Target", { exact: true }).fill("kv");
  await put.getByRole("button", { name: "wasi:keyvalue/store" }).click();
  await put.getByRole("button", { name: "wasi:keyvalue/atomics" }).click();
  await put.getByLabel("Target config").fill("cart");
  await put.getByRole("button", { name: "Put link" }).click();
  await expect(put.getByText("The lattice keeps no “cart”.")).toBeVisible();
  await put.getByLabel("Target config").fill("carts");
  await put.getByRole("button", { name: "Put link" }).click();
  await expect(page.getByRole("row", { name: /counter.*kv.*wasi:keyvalue/ })).toBeVisible();

  expect(await peer.ask("wasmbus.ctl.v1.parts.link.get")).toMatchObject({
    response: [
      {
        source_id: "counter",
        target: "kv",
        interfaces: ["store", "atomics"],
        target_config: ["carts"],
      },
    ],
  });
  await page.getByRole("link", { name: "Components" }).click();
  await page.getByRole("button", { name: /^counter/ }).click();
  await expect(counter.getByText("→ kv")).toHaveCount(2);
});

test("by keyboard alone a link is put and removed again", async ({ page }) => {
  await open(page, "keys", "links");
  const put = page.getByRole("form", { name: "New link" });
  await put.getByLabel("Source", { exact: true }).focus();

  await page.keyboard.type("shop");
  await page.keyboard.press("Tab");
  await page.keyboard.type("store");
  await page.keyboard.press("Tab");
  await page.keyboard.type("wasi:keyvalue/store, atomics");
  await page.keyboard.press("Enter");
  const remove = page.getByRole("button", { name: "Remove the link of shop to store" });
  await expect(remove).toBeVisible();
  await remove.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("group", { name: "Remove this link?" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(remove).toBeFocused();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");

  await expect(page.getByText("No links yet.")).toBeVisible();
});
