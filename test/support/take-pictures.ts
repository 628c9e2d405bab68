/**
 * Takes pictures of the page in its states: `tsx test/support/take-pictures.ts FOLDER [STATE…]` writes every
 * state, width and colour scheme; `--readme` writes the two pictures of the README to `docs/pictures`.
 */
import type { Page } from "@playwright/test";
import type { NodeState } from "../../src/core/node-state.ts";

import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { chromium } from "@playwright/test";
import { createServer } from "vite";
import { CHROMIUM_FLAGS } from "./chromium.ts";
import * as samples from "./sample-states.ts";
import { SAMPLE_VIEWS, type SampleView } from "./sample-views.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const WIDTHS = [1440, 1024, 390];
const SCHEMES = ["light", "dark"] as const;

const STATES: Readonly<Record<string, NodeState>> = {
  idle: samples.idle,
  connecting: samples.connecting,
  joined: samples.joined,
  working: samples.working,
  flooded: samples.flooded,
  attacked: samples.attacked,
  operated: samples.operated,
  watching: samples.watching,
  reconnecting: samples.reconnecting,
  "start-failed": samples.startFailed,
  leaving: samples.leaving,
  stopped: samples.stopped,
  "no-servers": samples.noServers,
  denied: samples.denied,
  insecure: samples.insecure,
};

/** By their samples; `docs/views.md` shows them. */
const VIEWS_IN_DOCS = ["topology", "components", "calls", "rates", "log", "links", "safety"];

const USAGE = "take-pictures.ts FOLDER [STATE…], or take-pictures.ts --readme";
const asked = readArguments(process.argv.slice(2));

const server = await createServer({
  configFile: resolve(ROOT, "vite.config.ts"),
  logLevel: "error",
  server: { host: "127.0.0.1", port: 0, hmr: false },
});
await server.listen();
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: CHROMIUM_FLAGS,
});
try {
  await (asked === "readme" ? takeForReadme() : takeAll(asked));
} finally {
  await browser.close();
  await server.close();
}

interface Pictures {
  readonly folder: string;
  /** All, if it is empty. */
  readonly states: readonly string[];
}

/** Before anything is started or written: a word that is none of ours is an error that names it. */
function readArguments(words: readonly string[]): Pictures | "readme" {
  const flag = words.find((word) => word.startsWith("-"));
  if (flag === "--readme" && words.length === 1) return "readme";
  if (flag === "--readme") throw new Error(`met --readme beside other words; wanted ${USAGE}`);
  if (flag !== undefined) throw new Error(`met the unknown flag ${flag}; wanted ${USAGE}`);
  const [folder = "", ...states] = words;
  if (folder === "") throw new Error(`met no folder for the pictures; wanted ${USAGE}`);
  const names = [...Object.keys(STATES), ...Object.keys(SAMPLE_VIEWS)];
  const unknown = states.find((state) => !names.includes(state));
  if (unknown !== undefined) {
    throw new Error(`met the state "${unknown}"; wanted some of ${names.join(", ")}`);
  }
  return { folder, states };
}

async function takeForReadme(): Promise<void> {
  for (const scheme of SCHEMES) {
    const page = await openPage(1440, scheme);
    await show(page, samples.working);
    const clip = { x: 0, y: 0, width: 1440, height: 1000 };
    await page.screenshot({ path: resolve(ROOT, `docs/pictures/page-${scheme}.png`), clip });
    await page.close();
  }
  const page = await openPage(1440, "light");
  for (const name of VIEWS_IN_DOCS) {
    const view = SAMPLE_VIEWS[name];
    if (view === undefined) throw new Error(`there is no sample of the view "${name}"`);
    await showView(page, view);
    const clip = { x: 0, y: 0, width: 1440, height: 860 };
    await page.screenshot({ path: resolve(ROOT, `docs/pictures/view-${name}.png`), clip });
  }
  await page.close();
}

async function takeAll({ folder, states }: Pictures): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const scheme of SCHEMES) {
    for (const width of WIDTHS) {
      const page = await openPage(width, scheme);
      if (states.length === 0 || states.includes("idle")) {
        await page.screenshot({
          path: join(folder, `offer-${width}-${scheme}.png`),
          fullPage: true,
        });
      }
      await page.evaluate(() =>
        Object.assign(document.querySelector("inlay-page") ?? {}, { offered: [] }),
      );
      for (const [name, state] of Object.entries(STATES)) {
        if (states.length > 0 && !states.includes(name)) continue;
        await show(page, state);
        await page.screenshot({
          path: join(folder, `${name}-${width}-${scheme}.png`),
          fullPage: true,
        });
        if (name === "working") {
          await page.locator("summary", { hasText: "Invite another tab" }).click();
          await page.locator(".qr svg").waitFor();
          const path = join(folder, `invite-${width}-${scheme}.png`);
          await page.locator("inlay-invite").screenshot({ path });
        }
        if (name !== "idle") continue;
        await page.locator("summary", { hasText: "Registries" }).click();
        const path = join(folder, `registries-${width}-${scheme}.png`);
        await page.screenshot({ path, fullPage: true });
        await page.locator("summary", { hasText: "wasmCloud 0.82" }).click();
        await page.getByRole("radio", { name: "0.82 and 1.x" }).click();
        await page.screenshot({
          path: join(folder, `dialects-${width}-${scheme}.png`),
          fullPage: true,
        });
      }
      for (const [name, view] of Object.entries(SAMPLE_VIEWS)) {
        if (states.length > 0 && !states.includes(name)) continue;
        await showView(page, view);
        await page.screenshot({
          path: join(folder, `${name}-${width}-${scheme}.png`),
          fullPage: true,
        });
      }
      await page.close();
    }
  }
}

/** A view with what a node would tell it. Maps would not cross into the page as they are. */
async function showView(
  page: Page,
  { view, state, told, press, click, open }: SampleView,
): Promise<void> {
  await page.evaluate(
    ({ view, text }) => {
      const told: Partial<Record<string, readonly unknown[]>> = JSON.parse(text, (_, value) =>
        Array.isArray(value?.isMap) ? new Map(value.isMap) : value,
      );
      const node = {
        watch(topic: string, listener: (update: unknown) => void) {
          for (const update of told[topic] ?? []) queueMicrotask(() => listener(update));
          return new Promise(() => undefined);
        },
      };
      Object.assign(document.querySelector("inlay-page") ?? {}, { node });
      location.hash = `#/${view}`;
    },
    {
      view,
      text: JSON.stringify(told, (_, value) =>
        value instanceof Map ? { isMap: [...value] } : value,
      ),
    },
  );
  await show(page, state);
  await page.locator("inlay-view .view-wait").waitFor({ state: "detached" });
  if (press !== undefined) {
    await page
      .getByRole("button", { name: new RegExp(`^${press}`) })
      .first()
      .click();
  }
  if (click !== undefined) await page.locator(click).first().click();
  for (const text of open ?? []) {
    await page.locator("summary", { hasText: text }).first().click();
  }
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)));
}

async function openPage(width: number, colorScheme: (typeof SCHEMES)[number]): Promise<Page> {
  const page = await browser.newPage({ viewport: { width, height: 1000 }, colorScheme });
  page.on("pageerror", (error) => process.stderr.write(`page: ${error.message}\n`));
  // The address names a server and does not join, so that the page waits for the states given here.
  await page.goto(`${server.resolvedUrls?.local[0]}index.html?servers=wss://lattice.example:4223`);
  await page.waitForFunction(() => document.querySelector("inlay-page form") !== null);
  return page;
}

async function show(page: Page, state: NodeState): Promise<void> {
  await page.evaluate(async (state) => {
    const element = document.querySelector("inlay-page");
    const quiet = { seconds: Array.from({ length: 60 }, () => 0), second: 0, total: 0 };
    const busy = Array.from({ length: 60 }, (_, x) =>
      Math.round(30 + 22 * Math.sin(x / 6) + ((x * 37) % 13)),
    );
    const { answered, failed, refused } = state.totals;
    const total = answered + failed + refused;
    const nowSecond = Math.floor((performance.timeOrigin + performance.now()) / 1000);
    Object.assign(element ?? {}, {
      actions: {
        ...Reflect.get(element ?? {}, "actions"),
        // Not as a method: tsx gives those a name by a function that the page does not have.
        ...Object.fromEntries([
          ["asked", () => ({ servers: ["wss://lattice.example:4223"], labels: { zone: "edge" } })],
        ]),
      },
      state,
      local: true,
      activity: total === 0 ? quiet : { seconds: busy, second: nowSecond, total },
    });
    await customElements.whenDefined("inlay-page");
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 450)));
  }, state);
}
