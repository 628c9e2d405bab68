import { expect, test } from "vitest";

import { isLoopback, parseOciReference, refuseLatest } from "../../../src/runtime/oci-reference.ts";

const HEX = "0123456789abcdef".repeat(4);

test.each([
  ["ghcr.io/acme/hello:0.1.0", "https://ghcr.io", "ghcr.io/acme/hello:0.1.0"],
  ["GHCR.io/Acme/Hello:RC1", "https://ghcr.io", "ghcr.io/acme/hello:RC1"],
  ["hello:1", "https://index.docker.io", "docker.io/library/hello:1"],
  ["acme/hello:1", "https://index.docker.io", "docker.io/acme/hello:1"],
  ["docker.io/hello:1", "https://index.docker.io", "docker.io/library/hello:1"],
  ["index.docker.io/acme/hello:1", "https://index.docker.io", "docker.io/acme/hello:1"],
  ["registry:5000/a/b/c", "https://registry:5000", "registry:5000/a/b/c:latest"],
  ["localhost/hello:1", "http://localhost", "localhost/hello:1"],
  ["localhost:5000/hello:1", "http://localhost:5000", "localhost:5000/hello:1"],
  ["127.0.0.1:5000/hello:1", "http://127.0.0.1:5000", "127.0.0.1:5000/hello:1"],
  ["[::1]:5000/hello:1", "http://[::1]:5000", "[::1]:5000/hello:1"],
  ["127.0.0.1.example/hello:1", "https://127.0.0.1.example", "127.0.0.1.example/hello:1"],
  [`ghcr.io/acme/hello@sha256:${HEX}`, "https://ghcr.io", `ghcr.io/acme/hello@sha256:${HEX}`],
  [`ghcr.io/a:1@sha256:${HEX.toUpperCase()}`, "https://ghcr.io", `ghcr.io/a@sha256:${HEX}`],
])("%s is asked for at %s, as %s", (text, origin, name) => {
  expect(parseOciReference(text)).toMatchObject({ origin, name });
});

test("its parts are told apart, and a scheme decides how the registry is asked", () => {
  const reference = parseOciReference("localhost:5000/acme/hello:0.1.0", "https");

  expect(reference).toEqual({
    kind: "oci",
    name: "localhost:5000/acme/hello:0.1.0",
    registry: "localhost:5000",
    origin: "https://localhost:5000",
    repository: "acme/hello",
    version: { by: "tag", tag: "0.1.0" },
  });
});

test.each([
  ["", "bad-input"],
  ["ghcr.io/", "bad-input"],
  ["ghcr.io/acme//hello:1", "bad-input"],
  ["ghcr.io/../hello:1", "bad-input"],
  ["ghcr.io/acme/hello:", "bad-input"],
  ["ghcr.io/acme/hello:1?x", "bad-input"],
  ["ghcr.io/acme/hello:1 2", "bad-input"],
  ["user@ghcr.io/acme/hello:1", "bad-input"],
  ["ghcr.io:99999/acme/hello:1", "bad-input"],
  [`ghcr.io/${"a".repeat(256)}:1`, "bad-input"],
  ["ghcr.io/acme/hello@sha256:12", "bad-input"],
  [`ghcr.io/acme/hello@sha512:${HEX}${HEX}`, "unsupported"],
])("%s is refused", (text, code) => {
  expect(() => parseOciReference(text)).toThrowError(expect.objectContaining({ code }));
});

test.each(["ghcr.io/acme/hello", "ghcr.io/acme/hello:latest", "hello"])(
  "%s pins no version",
  (text) => {
    const reference = parseOciReference(text);

    expect(() => refuseLatest(reference)).toThrowError(
      expect.objectContaining({
        code: "bad-input",
        message: `${reference.name} names no fixed image of its OCI registry: pin a version by tag or digest, or set images.allowLatest`,
      }),
    );
  },
);

test.each(["hello:1", `ghcr.io/acme/hello:latest@sha256:${HEX}`])("%s pins a version", (text) => {
  expect(() => refuseLatest(parseOciReference(text))).not.toThrow();
});

test.each([
  ["localhost", true],
  ["registry.localhost:5000", true],
  ["127.1.2.3:80", true],
  ["[::1]", true],
  ["localhost.example", false],
  ["evil-localhost", false],
  ["127.0.0.1.example:80", false],
])("%s being this machine is %s", (host, own) => {
  expect(isLoopback(host)).toBe(own);
});
