import { expect, test } from "@playwright/test";

import { buildConsumer } from "../support/consumer.ts";
import { greetingOf } from "../support/consumer-page.ts";
import { browsers } from "../support/tabs.ts";

const GREETED = { text: "Hello, Ada!", badge: true };

/** Firefox is where the page starts the workers, by addresses that a bundler may have made. */
const APPS = [
  { bundler: "vite", names: ["chromium", "firefox"] },
  { bundler: "esbuild", names: ["chromium"] },
] as const;

for (const { bundler, names } of APPS) {
  test(`an app that ${bundler} builds with the packed library joins and runs a component`, async () => {
    await using app = await buildConsumer(bundler);

    const greetings = names.map(async (name) => {
      await using browser = await browsers[name]();
      return await greetingOf(app, browser);
    });

    expect(await Promise.all(greetings)).toEqual(names.map(() => GREETED));
  });
}
