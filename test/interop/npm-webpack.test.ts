/** npm `webpack`: an app that it builds with the packed library runs components, without settings for workers. */
import { afterAll, beforeAll, expect, test } from "vitest";

import { buildConsumer, type Consumer } from "../support/consumer.ts";
import { greetingOf } from "../support/consumer-page.ts";
import { browsers } from "../support/tabs.ts";

let app: Consumer;
beforeAll(async () => {
  app = await buildConsumer("webpack", { install: true });
}, 600_000);
afterAll(() => app[Symbol.asyncDispose]());

test.each(["chromium", "firefox"] as const)(
  "its app joins and runs a component in %s",
  async (name) => {
    await using browser = await browsers[name]();

    const greeting = await greetingOf(app, browser);

    expect(greeting).toEqual({ text: "Hello, Ada!", badge: true });
  },
);

test("it finds all that the library names", () => {
  expect(app.said).not.toMatch(/Critical dependency|Module not found/);
});
