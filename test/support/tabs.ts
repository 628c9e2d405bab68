/**
 * Browsers and tabs for whole stories, the same for Chromium (Playwright) and Firefox (WebDriver BiDi, which is the
 * only way to drive a stock one).
 */
import { chromium } from "@playwright/test";
import puppeteer from "puppeteer-core";
import { CHROMIUM_FLAGS } from "./chromium.ts";

export interface TestBrowser extends AsyncDisposable {
  readonly name: "chromium" | "firefox";
  open(url: string): Promise<Tab>;
}

export interface Tab {
  /** Runs `script`, the body of an async function of `arg`, in the page. */
  run(script: string, arg?: unknown): Promise<unknown>;
  /** Leaves the page for another one; resolves when that is loaded. */
  goTo(url: string): Promise<void>;
  close(): Promise<void>;
}

export interface BrowserOptions {
  /** Flags beside the usual ones; Chromium only. */
  readonly flags?: readonly string[];
}

export const browsers: Readonly<
  Record<TestBrowser["name"], (options?: BrowserOptions) => Promise<TestBrowser>>
> = {
  chromium: launchChromium,
  firefox: launchFirefox,
};

async function launchChromium({ flags = [] }: BrowserOptions = {}): Promise<TestBrowser> {
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: [...CHROMIUM_FLAGS, ...flags],
  });
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  return {
    name: "chromium",
    async open(url) {
      const page = await context.newPage();
      await page.goto(url);
      return {
        run: (script, arg) => page.evaluate(inPage, { script, arg }),
        goTo: async (to) => void (await page.goto(to)),
        close: () => page.close({ runBeforeUnload: false }),
      };
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

async function launchFirefox(): Promise<TestBrowser> {
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: "/usr/bin/firefox-esr",
    headless: true,
    acceptInsecureCerts: true,
  });
  return {
    name: "firefox",
    async open(url) {
      const page = await browser.newPage();
      await page.goto(url);
      return {
        run: (script, arg) => page.evaluate(inPage, { script, arg }),
        goTo: async (to) => void (await page.goto(to)),
        close: () => page.close(),
      };
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

/** Crosses into the page as source: it may use nothing from around it. */
function inPage({ script, arg }: { script: string; arg: unknown }): Promise<unknown> {
  // oxlint-disable-next-line no-new-func, typescript/no-implied-eval, typescript/no-unsafe-call, typescript/no-unsafe-return -- tests write the body
  return new Function("arg", `return (async () => { ${script} })()`)(arg);
}

export interface JoinedTab extends Tab {
  readonly hostId: string;
}

/** Opens an empty page of `base` and joins from it with the library, as a script in a web app does. */
export async function joinFrom(
  browser: TestBrowser,
  base: string,
  options: Readonly<Record<string, unknown>>,
): Promise<JoinedTab> {
  const tab = await browser.open(`${base}inlay.json`);
  const hostId = await tab.run(
    `const { join } = await import(arg.library);
     globalThis.node = await join(arg.options);
     return node.view.peek().hostId;`,
    { library: `${base}lib/index.js`, options },
  );
  return { ...tab, hostId: String(hostId) };
}
