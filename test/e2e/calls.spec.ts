/** The views of calls and of rates, with a real component that is called over NATS. */
import { readFile } from "node:fs/promises";
import { expect, test } from "@playwright/test";
import type { InlayServer } from "../support/inlay-server.ts";

import { startInlay } from "../support/inlay-server.ts";
import { connectPeer } from "../support/native-peer.ts";

let server: InlayServer;
test.beforeAll(async () => {
  server = await startInlay();
});
test.afterAll(() => server[Symbol.asyncDispose]());

test("calls over NATS show with their values and times, are filtered, read by keyboard and exported; rates count them", async ({
  page,
}) => {
  await using peer = await connectPeer(server.wsDirect);
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  const greet = (name: string): Promise<unknown> =>
    peer.invoke(
      "default.hello.wrpc.0.0.1.inlay:demo/greeter.greet",
      Buffer.concat([Uint8Array.of(name.length), Buffer.from(name)]),
      { headers: { traceparent: `00-${"ab".repeat(16)}-${"cd".repeat(8)}-01` } },
    );
  await page.goto(server.page);
  await expect(page.getByText("Running", { exact: true })).toBeVisible();

  await page.getByRole("link", { name: "Calls", exact: true }).click();
  const list = page.getByRole("listbox", { name: /Calls/ });
  const rows = list.getByRole("option");
  // Whoever looks sees what ends from then on.
  const seen = async (name: string): Promise<number> => {
    await greet(name);
    return rows.count();
  };
  await expect.poll(() => seen("Ada")).toBeGreaterThan(2);
  await peer.invoke("default.hello.wrpc.0.0.1.inlay:demo/greeter.hello", new Uint8Array(0));
  await expect(rows.filter({ hasText: "hello" }).first()).toBeVisible();

  const filter = page.getByRole("searchbox", { name: "Filter calls" });
  await filter.fill("func:greet Ada");
  await expect(rows.filter({ hasText: "greet" }).first()).toBeVisible();
  const shown = await rows.count();
  await filter.fill("failed");
  await expect(page.getByText("No call fits the filter.")).toBeVisible();
  await filter.fill("func:greet Ada");
  await expect(rows).toHaveCount(shown);

  await page.getByRole("button", { name: "Hold" }).click();
  await list.focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await expect(rows.nth(1)).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("Enter");
  const details = page.getByRole("complementary", { name: "Details of the chosen call" });
  await expect(details.getByRole("heading", { name: "greet" })).toBeFocused();
  await expect(details.getByText('"Ada"', { exact: true })).toBeVisible();
  await expect(details.getByText('"Hello, Ada!"', { exact: true })).toBeVisible();
  await expect(details.getByText("ab".repeat(16))).toBeVisible();
  await expect(details.getByRole("rowheader", { name: "in the guest" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(list).toBeFocused();

  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export JSON" }).click();
  const file = await (await download).path();
  const exported: unknown = JSON.parse(await readFile(file, "utf8"));
  expect(exported).toMatchObject({
    lattice: "default",
    calls: expect.arrayContaining([
      expect.objectContaining({
        func: "greet",
        target: "hello",
        way: "served",
        args: [{ name: "name", text: '"Ada"' }],
        result: '"Hello, Ada!"',
      }),
    ]),
  });

  await page.getByRole("link", { name: "Rates and latency" }).click();
  const latency = page.getByRole("region", { name: "Latency by function" });
  await expect(latency.getByRole("button", { name: "greet" })).toBeVisible();
  await expect(
    page.getByRole("img", { name: /Calls a second over the last five minutes/ }),
  ).toBeVisible();
  const components = page.getByRole("region", { name: "Components" });
  await expect(components.getByRole("rowheader", { name: "hello" }).first()).toBeVisible();
  await expect(components.getByText(/KiB|MiB/).first()).toBeVisible();
  expect(faults).toEqual([]);
});
