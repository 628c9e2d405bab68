/** Every view of the page, on a real lattice, in both colour schemes: axe finds nothing, and nothing is wider than the screen. */
import { expect, type Page, test } from "@playwright/test";

import { violations } from "../support/axe.ts";
import { type InlayServer, startInlay } from "../support/inlay-server.ts";
import { connectPeer } from "../support/native-peer.ts";

const GREET = "default.hello.wrpc.0.0.1.inlay:demo/greeter.greet";
const ADA = Uint8Array.of(3, 65, 100, 97);

let server: InlayServer;
test.beforeAll(async () => {
  server = await startInlay();
});
test.afterAll(() => server[Symbol.asyncDispose]());

async function check(page: Page, what: string): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other, in one page
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    // oxlint-disable-next-line no-await-in-loop -- as above
    expect.soft(await violations(page), `${what}, ${colorScheme}`).toEqual([]);
  }
}

const overflow = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

test("axe finds nothing in any view of a node that works", async ({ page }) => {
  await using peer = await connectPeer(server.wsDirect);
  await page.goto(server.page);
  await expect(page.locator("html")).toHaveAttribute("data-node-state", "joined");
  const call = async (): Promise<string> => (await peer.invoke(GREET, ADA)).outcome;
  await expect.poll(call).toBe("ended");
  const links = page.getByRole("navigation", { name: "Views" }).getByRole("link");
  const names = await links.allTextContents();
  expect(names.length).toBeGreaterThan(1);

  for (const name of names) {
    // oxlint-disable-next-line no-await-in-loop -- one view after the other
    await links.filter({ hasText: name.trim() }).first().click();
    // oxlint-disable-next-line no-await-in-loop -- as above
    await expect(page.locator(".view-wait")).toHaveCount(0);
    // oxlint-disable-next-line no-await-in-loop -- as above
    await peer.invoke(GREET, ADA);
    // oxlint-disable-next-line no-await-in-loop -- as above
    await check(page, name.trim());
    // oxlint-disable-next-line no-await-in-loop -- as above
    await page.setViewportSize({ width: 390, height: 800 });
    // oxlint-disable-next-line no-await-in-loop -- as above
    expect.soft(await overflow(page), `${name.trim()} at 390 px`).toBeLessThanOrEqual(0);
    // oxlint-disable-next-line no-await-in-loop -- as above
    await page.setViewportSize({ width: 1280, height: 720 });
  }
});

test("axe finds nothing in the form, with all of it open, nor in the kiosk", async ({ page }) => {
  await page.goto(`${server.page}?servers=wss://lattice.example:4223`);
  await page.getByText("Registries").click();
  await page.getByText("wasmCloud 0.82 and v2").click();
  await page.getByRole("radio", { name: "0.82 and 1.x" }).check();
  await check(page, "the form");

  await page.goto(`${server.page}kiosk.html?servers=${encodeURIComponent(server.ws)}`);
  await expect(page.locator("html")).toHaveAttribute("data-node-state", "joined");
  await check(page, "the kiosk");
});
