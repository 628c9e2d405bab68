/** A lattice of tabs alone: files from a static server, no NATS server, and no way to anywhere else. */
import { expect, test } from "@playwright/test";

import { refreshDist } from "../../src/cli/freshness.ts";
import { DIST } from "../../src/cli/project.ts";
import { serveFolder } from "../support/folder-server.ts";
import { browsers, joinFrom, type JoinedTab, type Tab } from "../support/tabs.ts";

/** Calls at once. */
const CALLERS = 4;

interface Tally {
  readonly answered: number;
  readonly failed: readonly string[];
}

/** How the page of `index.html` shows itself. */
const shown = async (tab: Tab): Promise<{ phase: string; server: string; answered: number }> =>
  (await tab.run(
    `const { state } = document.querySelector("inlay-page");
     return { phase: state.phase, server: state.rpc.server, answered: state.totals.answered };`,
  )) as { phase: string; server: string; answered: number };

/** Calls on and on while the node has joined, and keeps count. */
const startCalling = (tab: Tab, wit: string): Promise<unknown> =>
  tab.run(
    `const joined = () => new Promise((resolve) => {
       if (node.view.peek().phase === "joined") return resolve();
       const heard = new AbortController();
       node.view.subscribe(({ phase }) => {
         if (phase !== "joined") return;
         heard.abort();
         resolve();
       }, heard.signal);
     });
     globalThis.tally = { answered: 0, failed: [] };
     globalThis.stop = false;
     const call = async () => {
       while (!stop) {
         await joined();
         try {
           const answer = await node.call({
             target: "hello", instance: "inlay:demo/greeter", func: "greet", args: ["Ada"], wit: arg.wit,
           });
           if (answer === "Hello, Ada!") tally.answered++;
           else tally.failed.push(answer);
         } catch (error) {
           tally.failed.push(error.code);
         }
       }
     };
     globalThis.calling = Promise.all(Array.from({ length: arg.callers }, call));`,
    { wit, callers: CALLERS },
  );
const tallied = async (tab: Tab): Promise<Tally> => (await tab.run("return tally;")) as Tally;
const moreAnswers = async (tab: Tab): Promise<void> => {
  const before = (await tallied(tab)).answered;
  await expect.poll(async () => (await tallied(tab)).answered).toBeGreaterThan(before + 50);
};

test("tabs of a static server are a lattice: they share calls, and either may be closed", async () => {
  await refreshDist(() => undefined, AbortSignal.timeout(120_000));
  await using site = await serveFolder(DIST);
  await using browser = await browsers.chromium({
    flags: ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
  });
  const page = `${site.url}index.html?servers=solo:&autojoin&component=hello=./demo/hello.wasm`;
  const wit = await (await fetch(`${site.url}demo/hello.wit`)).text();
  const serving = async (): Promise<Tab> => {
    const tab = await browser.open(page);
    await expect
      .poll(() => tab.run("return document.body.innerText"))
      .toMatch(/inlay:demo\/greeter/);
    return tab;
  };

  const first = await serving();
  const second = await serving();
  expect(await shown(second)).toMatchObject({ phase: "joined", server: "solo:" });
  const caller: JoinedTab = await joinFrom(browser, site.url, {
    servers: ["solo:"],
    limits: { callDeadlineMs: 5000 },
  });
  await startCalling(caller, wit);
  await expect.poll(async () => (await shown(first)).answered).toBeGreaterThan(20);
  await expect.poll(async () => (await shown(second)).answered).toBeGreaterThan(20);
  expect((await tallied(caller)).failed).toEqual([]);

  // The first tab arbitrates.
  await first.close();
  await moreAnswers(caller);
  const afterFirst = (await tallied(caller)).failed;
  const third = await serving();
  await expect.poll(async () => (await shown(third)).answered).toBeGreaterThan(20);
  expect((await tallied(caller)).failed).toEqual(afterFirst);

  await second.close();
  await moreAnswers(caller);
  await moreAnswers(caller);
  await caller.run("stop = true; await calling;");
  const { failed } = await tallied(caller);

  test.info().annotations.push({ type: "calls that failed", description: failed.join(" ") });
  // What was under way when a tab was closed, and nothing later.
  expect(afterFirst.length).toBeLessThanOrEqual(CALLERS);
  expect(failed.length - afterFirst.length).toBeLessThanOrEqual(CALLERS);

  const mixed = await caller.run(
    `const { join } = await import(arg.library);
     return join({ servers: ["solo:", "ws://127.0.0.1:9"] }).catch(({ code }) => code);`,
    { library: `${site.url}lib/index.js` },
  );
  expect(mixed).toBe("bad-input");
  // What a lattice keeps is there, and commands about it are answered by the tabs.
  await expect
    .poll(() =>
      caller.run("const { facts, sharing } = node.view.peek(); return { facts, sharing };"),
    )
    .toEqual({ facts: expect.objectContaining({ phase: "live" }), sharing: true });
});
