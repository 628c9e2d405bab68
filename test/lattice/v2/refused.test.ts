/** Workloads whose subscriptions a server no longer allows, when a lost connection is back. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import type { LocalComponent } from "../../support/local-runtime.ts";

import { createInterfaces } from "../../../src/interfaces/interfaces.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { startHost } from "../../support/lattice-host.ts";
import { entryOf, setOf } from "../../support/sets.ts";

const HTTP = "wrpc:http/incoming-handler@0.1.0";
const HANDLER = "wasmcloud:messaging/handler@0.2.0";

const { flat } = createInterfaces();
const exporting = (name: string): LocalComponent => ({
  world: { imports: new Map(), exports: new Map([[name, flat.exports.get(name) ?? new Map()]]) },
  functions: {},
});

/** A server whose one user, whom everybody is, may not hear some subjects: those that are denied at its next start. */
async function launchMoody() {
  const folder = await mkdtemp(join(tmpdir(), "inlay-moody-"));
  const file = join(folder, "users.conf");
  const allow = async (deny: readonly string[]): Promise<void> => {
    const user = { user: "anybody", password: "x", permissions: { subscribe: { deny } } };
    const users = JSON.stringify({ users: [user] });
    await writeFile(file, `authorization: ${users}\nno_auth_user: anybody\n`);
  };
  await allow([]);
  // The server takes the path as one from the folder of its own file, which is beside this one.
  const beside = join("..", basename(folder), basename(file));
  const server = await launchNats({ config: `include ${JSON.stringify(beside)}` });
  return {
    ws: server.ws,
    async restart(denied: readonly string[]) {
      await allow(denied);
      await server.restart();
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

test("they are told as failed, and others run on", async () => {
  await using server = await launchMoody();
  const components = { web: exporting(HTTP), listener: exporting(HANDLER) };
  await using node = await startHost({ url: server.ws }, { components, v2: { name: "tab" } });
  const { host } = node;
  const heard = (subjects: string) => [
    entryOf("wasmcloud:messaging", ["handler"], {
      config: new Map([["subscriptions", subjects]]),
    }),
  ];
  const asked = (name: string) => [
    entryOf("wasi:http", ["incoming-handler"], { config: new Map([["host", name]]) }),
  ];
  const sets = [
    setOf(["listener"], { id: "orders", interfaces: heard("shop.other, shop.orders") }),
    setOf(["web"], { id: "closed", interfaces: asked("closed.example") }),
    setOf(["listener"], { id: "refunds", interfaces: heard("shop.refunds") }),
    setOf(["web"], { id: "open", interfaces: asked("open.example") }),
  ];
  for (const spec of sets) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    expect(await host.run("set.start", spec)).toMatchObject({ phase: "running" });
  }
  const status = async (id: string) => {
    const { phase, message } = await host.run("set.status", { id });
    return [phase, message];
  };

  await server.restart(["shop.orders", "inlay-http.*.host-closed_example.>"]);

  await expect
    .poll(() => status("orders"), { timeout: 30_000 })
    .toEqual([
      "failed",
      expect.stringContaining("the server refuses the subscription to shop.orders"),
    ]);
  await expect
    .poll(() => status("closed"), { timeout: 30_000 })
    .toEqual([
      "failed",
      expect.stringMatching(/HTTP requests come no more: .*host-closed_example/),
    ]);
  expect(await status("refunds")).toEqual(["running", "Workload is Running"]);
  expect(await status("open")).toEqual(["running", "Workload is Running"]);
});
