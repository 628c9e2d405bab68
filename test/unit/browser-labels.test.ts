import { expect, test } from "vitest";

import { browserLabels } from "../../src/browser-labels.ts";

const agents = [
  {
    browser: "chrome",
    version: "156.0.0.0",
    userAgent:
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
  },
  {
    browser: "chrome",
    version: "156.0.0.0",
    userAgent:
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36",
  },
  {
    browser: "edge",
    version: "140.0.0.0",
    userAgent:
      "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
  },
  {
    browser: "firefox",
    version: "153.0",
    userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
  },
  {
    browser: "safari",
    version: "27.0",
    userAgent:
      "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/27.0 Safari/605.1.15",
  },
];

test.each(agents)(
  "$browser $version is told by its user agent",
  ({ browser, version, userAgent }) => {
    expect(Object.fromEntries(browserLabels({ userAgent }))).toEqual({
      "hostcore.arch": "wasm32",
      "hostcore.os": "browser",
      "hostcore.osfamily": "browser",
      "inlay.browser": browser,
      "inlay.browser-version": version,
    });
  },
);

test("an unknown browser is called unknown", () => {
  expect(browserLabels({ userAgent: "curl/8" }).get("inlay.browser")).toBe("unknown");
});
