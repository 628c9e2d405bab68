import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";

import { createSite } from "../../../src/cli/site.ts";

const certificate = readFileSync(
  resolve(import.meta.dirname, "../../lattice/cli/tls/cert.pem"),
  "utf8",
);

describe("on loopback", () => {
  const site = createSite({ host: "127.0.0.1", port: 8080, certificate: undefined });

  test("the page has the address that was listened on", () => {
    expect(site.page).toBe("http://127.0.0.1:8080/");
    expect(site.origins).toEqual([
      "http://127.0.0.1:8080",
      "http://localhost:8080",
      "http://[::1]:8080",
    ]);
  });

  test.each([
    { host: "127.0.0.1:8080", own: true },
    { host: "LOCALHOST:8080", own: true },
    { host: "[::1]:8080", own: true },
    { host: "localhost:8081", own: false },
    { host: "localhost", own: false },
    { host: "rebound.test:8080", own: false },
    { host: "localhost:8080@evil.test", own: false },
    { host: "evil.test/@localhost:8080", own: false },
    { host: "localhost:8080#", own: false },
    { host: "", own: false },
    { host: undefined, own: false },
  ])("Host $host is its own: $own", ({ host, own }) => {
    expect(site.isOwnHost(host)).toBe(own);
  });

  test.each([
    { origin: "http://localhost:8080", own: true },
    { origin: "http://127.0.0.1:8080", own: true },
    { origin: "https://localhost:8080", own: false },
    { origin: "http://localhost:9090", own: false },
    { origin: "http://localhost.evil.test:8080", own: false },
    { origin: "null", own: false },
    { origin: "", own: false },
  ])("Origin $origin is its own: $own", ({ origin, own }) => {
    expect(site.isOwnOrigin(origin)).toBe(own);
  });
});

describe("with a certificate on all addresses", () => {
  const site = createSite({ host: "0.0.0.0", port: 443, certificate });

  test("the page has the first name of the certificate", () => {
    expect(site.page).toBe("https://localhost/");
  });

  test.each([
    { host: "lattice.test", own: true },
    { host: "lattice.test:443", own: true },
    { host: "tab.wild.test", own: true },
    { host: "127.0.0.1", own: true },
    { host: "[::1]", own: true },
    { host: "0.0.0.0", own: false },
    { host: "other.test", own: false },
    { host: "lattice.test:8443", own: false },
  ])("Host $host is its own: $own", ({ host, own }) => {
    expect(site.isOwnHost(host)).toBe(own);
  });

  test("a page of plain http is foreign", () => {
    expect(site.isOwnOrigin("http://lattice.test")).toBe(false);
    expect(site.isOwnOrigin("https://lattice.test")).toBe(true);
  });
});

test("a name that was asked for is the page's", () => {
  const site = createSite({ host: "lattice.test", port: 8443, certificate });

  expect(site.page).toBe("https://lattice.test:8443/");
  expect(site.isOwnHost("lattice.test:8443")).toBe(true);
});
