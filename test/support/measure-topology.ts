/**
 * Frame times of the view of the lattice while it changes: `tsx test/support/measure-topology.ts [HOSTS COMPONENTS]`, by default
 * 200 and 1,000. Each half second some hosts change, as do the rates of all lines; the state of the node ten times a second.
 * Prints one line of JSON.
 */
import { resolve } from "node:path";
import { chromium } from "@playwright/test";
import { createServer } from "vite";
import { CHROMIUM_FLAGS } from "./chromium.ts";
import { calls, crowd, told } from "./sample-lattice.ts";
import { working } from "./sample-states.ts";

const MEASURED_MS = 10_000;
const [hosts = 200, components = 1_000] = process.argv.slice(2).map(Number);

const made = crowd(hosts, components);
/** What is told one after the other, again and again. */
const updates = Array.from({ length: 20 }, (_, round) =>
  told(
    made.hosts
      .filter((_host, index) => index % 20 === round)
      .map((host) => ({
        ...host,
        components: host.components.map((each) => ({ ...each, maxInstances: 1 + (round % 9) })),
        providers: host.providers.map((each) => ({ ...each, healthy: round % 2 === 0 })),
      })),
    made.links
      .slice(0, 60)
      .map(({ source, target }, index) => calls(source, target, 1 + ((index * 7 + round) % 40))),
    { whole: false },
  ),
);

const server = await createServer({
  configFile: resolve(import.meta.dirname, "../../vite.config.ts"),
  logLevel: "error",
  server: { host: "127.0.0.1", port: 0, hmr: false },
});
await server.listen();
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: CHROMIUM_FLAGS,
});
try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 1000 } });
  // What runs in the page was compiled with the names of its functions kept.
  await page.addInitScript("globalThis.__name = (named) => named");
  await page.goto(`${server.resolvedUrls?.local[0]}index.html?servers=wss://lattice.example:4223`);
  await page.waitForFunction(() => document.querySelector("inlay-page form") !== null);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
  /** Seconds of the page's main thread, of processor time. */
  const spent = async (): Promise<ReadonlyMap<string, number>> => {
    const { metrics } = await devtools.send("Performance.getMetrics");
    return new Map(metrics.map(({ name, value }) => [name, value]));
  };
  const before = await spent();
  const figures = await page.evaluate(
    async ({ first, updates, links, state, measuredMs }) => {
      const element = document.querySelector("inlay-page") ?? document.body;
      const tell: ((update: unknown) => void)[] = [];
      const node = {
        watch(topic: string, listener: (update: unknown) => void) {
          if (topic === "lattice") {
            tell.push(listener);
            queueMicrotask(() => listener(first));
          } else {
            const facts = { status: { phase: "live" }, links, configNames: [] };
            queueMicrotask(() => listener(facts));
          }
          return new Promise(() => undefined);
        },
      };
      Object.assign(element, { node, state });
      location.hash = "#/topology";
      const begun = performance.now();
      while (document.querySelector(".tiles > li:last-child .tile-host") === null) {
        await new Promise((done) => requestAnimationFrame(done));
      }
      const openedMs = performance.now() - begun;
      await new Promise((done) => setTimeout(done, 1_000));
      const longTasks: number[] = [];
      const observer = new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) longTasks.push(duration);
      });
      observer.observe({ entryTypes: ["longtask"] });
      const renders: number[] = [];
      let round = 0;
      const updating = setInterval(() => {
        const update = updates[round++ % updates.length];
        const start = performance.now();
        for (const each of tell) each(update);
        queueMicrotask(() => queueMicrotask(() => renders.push(performance.now() - start)));
      }, 500);
      const changing = setInterval(() => Object.assign(element, { state: { ...state } }), 100);
      const frames: number[] = [];
      let last = performance.now();
      const end = last + measuredMs;
      while (last < end) {
        const now: number = await new Promise((done) => requestAnimationFrame(done));
        frames.push(now - last);
        last = now;
      }
      clearInterval(updating);
      clearInterval(changing);
      observer.disconnect();
      const sorted = frames.slice(1).toSorted((one, other) => one - other);
      const at = (part: number): number =>
        Number((sorted[Math.floor(sorted.length * part)] ?? 0).toFixed(1));
      return {
        openedMs: Math.round(openedMs),
        elements: document.querySelectorAll("inlay-topology *").length,
        frames: sorted.length,
        framesPerSecond: Number((sorted.length / (measuredMs / 1000)).toFixed(1)),
        p50: at(0.5),
        p95: at(0.95),
        p99: at(0.99),
        most: at(0.9999),
        above25ms: sorted.filter((each) => each > 25).length,
        longTasks: longTasks.map(Math.round),
        renderMs: Math.max(...renders).toFixed(1),
      };
    },
    {
      first: told(made.hosts),
      updates,
      links: made.links,
      state: { ...working, facts: { phase: "live" } },
      measuredMs: MEASURED_MS,
    },
  );
  const after = await spent();
  const processorMs = Object.fromEntries(
    ["ScriptDuration", "RecalcStyleDuration", "LayoutDuration", "TaskDuration"].map((name) => [
      name,
      Math.round(1_000 * ((after.get(name) ?? 0) - (before.get(name) ?? 0))),
    ]),
  );
  process.stdout.write(`${JSON.stringify({ hosts, components, ...figures, processorMs })}\n`);
} finally {
  await browser.close();
  await server.close();
}
