/** The view of the lattice on a real one: two tabs and a native host that says what the test makes it say. */
import { expect, test } from "@playwright/test";

import { startInlay } from "../support/inlay-server.ts";
import { startNativeHost } from "../support/native-host.ts";
import { connectPeer } from "../support/native-peer.ts";

test("two tabs and a native host are seen as they come, change and go", async ({ context }) => {
  await using server = await startInlay();
  await using peer = await connectPeer(server.wsDirect);
  const native = await startNativeHost(peer, "default");
  await native.scale("orders", 4);
  const page = await context.newPage();
  const other = await context.newPage();
  await page.goto(`${server.page}#/topology`);
  await other.goto(server.page);

  const view = page.getByRole("region", { name: "Topology" });
  const tiles = view.getByRole("list", { name: "Hosts" }).locator(".tile-host");
  const nodes = view.getByRole("list", { name: "Components and providers" });
  const details = view.getByRole("complementary", { name: "Details" });
  await expect(tiles).toHaveCount(3);
  await expect(view.locator("header")).toContainText("3 hosts · 2 components · 0 providers");
  await expect(tiles.first()).toHaveAccessibleName(/, this tab, .*1 component/);
  const hello = nodes.getByRole("button", { name: /^hello, component/ });
  await expect(hello).toHaveAccessibleName(/2 hosts, one queue group/);

  await native.scale("orders", 9);
  await native.startProvider("kv");
  await native.tellHealth("kv", false);
  await expect(nodes.getByRole("button", { name: /^kv, provider, .*unhealthy/ })).toBeVisible();
  await nodes.getByRole("button", { name: /^orders, component/ }).click();
  await expect(details.getByRole("heading", { name: "orders" })).toBeVisible();
  await expect(details.getByRole("listitem").first()).toContainText("solid-rock-0002");
  await expect(details.getByRole("listitem").first()).toContainText("×9");

  await expect(async () => {
    const subject = "default.hello.wrpc.0.0.1.inlay:demo/greeter.greet";
    await peer.invoke(subject, Buffer.from("\u0003Ada"));
    await expect(hello).toHaveAccessibleName(/calls a second/, { timeout: 1_000 });
  }).toPass();

  const first = tiles.first();
  await first.focus();
  await page.keyboard.press("ArrowRight");
  await expect(tiles.nth(1)).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(details.getByText("Host", { exact: true })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(details.getByText("Choose a host, a component")).toBeVisible();
  await view.getByText("The same as text").click();
  await expect(view.getByText(/^one queue group of 2 hosts: this tab, /)).toBeVisible();

  await native[Symbol.asyncDispose]();
  await expect(tiles).toHaveCount(2);
  await other.close({ runBeforeUnload: false });
  await expect(tiles).toHaveCount(1);
});
