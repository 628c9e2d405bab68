import { describe, expect, test } from "vitest";
import { isAllowed, readAllowedHosts } from "../../../src/core/allowed-hosts.ts";

const allows = (entry: string, url: string): boolean =>
  isAllowed(new URL(url), readAllowedHosts([entry]));

describe("an entry", () => {
  test.each([
    ["*", "https://example.com/"],
    ["example.com", "http://example.com:8080/"],
    ["Example.COM", "https://EXAMPLE.com/x"],
    ["example.com:8443", "https://example.com:8443/"],
    ["example.com:443", "https://example.com/"],
    ["https://example.com", "https://example.com/a?b"],
    ["https://example.com/", "https://example.com:9443/"],
    ["https://example.com:443", "https://example.com/"],
    ["*.example.com", "https://api.example.com/"],
    ["*.example.com", "https://a.b.example.com/"],
    ["http://*.example.com:81/", "http://x.example.com:81/"],
    [" example.com ", "https://example.com/"],
    ["localhost:3000", "http://localhost:3000/"],
    ["http://127.0.0.1", "http://127.0.0.1:81/"],
    ["[::1]:80", "http://[::1]/"],
  ])("%s lets a component reach %s", (entry, url) => {
    expect(allows(entry, url)).toBe(true);
  });

  test.each([
    ["example.com", "https://api.example.com/"],
    ["example.com", "https://example.com.evil.test/"],
    ["example.com:8443", "https://example.com/"],
    ["https://example.com", "http://example.com/"],
    ["*.example.com", "https://example.com/"],
    ["*.example.com", "https://badexample.com/"],
    ["https://*.example.com", "http://api.example.com/"],
    ["*.example.com:81", "http://api.example.com/"],
    // `*` is the network, not the machine of whoever looks at the page.
    ["*", "http://localhost:3000/"],
    ["*", "http://127.0.0.1/"],
    ["*", "http://127.1/"],
    ["*", "http://2130706433/"],
    ["*", "http://[::1]/"],
    ["*", "http://[::ffff:127.0.0.1]/"],
    ["*", "http://0.0.0.0/"],
    ["*.localhost", "http://app.localhost/"],
    ["*", "http://localhost./"],
    ["*", "http://app.localhost.:9/"],
    ["*", "http://[::ffff:0.0.0.0]/"],
    ["https://*.example.com:443", "https://api.example.com:8443/"],
  ])("%s keeps it from %s", (entry, url) => {
    expect(allows(entry, url)).toBe(false);
  });

  test.each([
    "",
    "*foo",
    "*com",
    "a*.example.com",
    "*.",
    "https://",
    "https://example.com/path",
    "https://example.com?x",
    "example.com/path",
    "example.com:port",
    "example.com:70000",
    "user@example.com",
    "1http://example.com",
  ])("%j is refused", (entry) => {
    expect(() => readAllowedHosts(["example.org", entry])).toThrow(JSON.stringify(entry));
  });
});

test("nothing is allowed where nothing is listed", () => {
  expect(isAllowed(new URL("https://example.com/"), readAllowedHosts([]))).toBe(false);
});

test("all entries that cannot be read are named together", () => {
  expect(() => readAllowedHosts(["*a", "ok.test", "b/c"])).toThrow(/"\*a".*"b\/c"/);
});
