/** npm `webpack`: an app that it builds with the packed library runs components, without settings for workers. */
import { expect, test } from "vitest";

import { buildConsumer } from "../support/consumer.ts";
import { greetingOf } from "../support/consumer-page.ts";
import { browsers } from "../support/tabs.ts";

test.each(["chromium", "firefox"] as const)(
  "its app joins and runs a component in %s",
  async (name) => {
    await using app = await buildConsumer("webpack", { install: true });
    await using browser = await browsers[name]();

    const greeting = await greetingOf(app, browser);

    expect(greeting).toEqual({ text: "Hello, Ada!", badge: true });
    expect(app.said).not.toMatch(/Critical dependency|Module not found/);
  },
);
