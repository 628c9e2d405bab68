import { resolve } from "node:path";
import { expect, test } from "vitest";

import { isLoopback, readServer, readStartArguments } from "../../../src/cli/arguments.ts";

test("without options the page is on loopback and a server is started", () => {
  const options = readStartArguments([]);

  expect(options).toEqual({
    port: undefined,
    workloadPort: undefined,
    host: "127.0.0.1",
    tls: undefined,
    servers: undefined,
    lattice: "default",
    store: undefined,
    images: [],
    isolate: false,
    json: false,
  });
});

test("all options are read", () => {
  const args =
    "--port 0 --workload-port 8081 --host 0.0.0.0 --tls-cert c.pem --tls-key k.pem --servers wss://n.test/x --lattice blue --isolate --json";

  const options = readStartArguments(args.split(" "));

  expect({ ...options, servers: options.servers?.href }).toEqual({
    port: 0,
    workloadPort: 8081,
    host: "0.0.0.0",
    tls: { certFile: "c.pem", keyFile: "k.pem" },
    servers: "wss://n.test/x",
    lattice: "blue",
    store: undefined,
    images: [],
    isolate: true,
    json: true,
  });
});

test("a store is a path from here", () => {
  const { store } = readStartArguments(["--store", "kept/jetstream"]);

  expect(store).toBe(resolve("kept/jetstream"));
});

test.each([
  { args: ["--port", "65536"], says: "65535" },
  { args: ["--port", "-1"], says: "port" },
  { args: ["--port", "http"], says: "65535" },
  { args: ["--workload-port", "65536"], says: "--workload-port" },
  { args: ["--lattice", "a.b"], says: "lattice name" },
  { args: ["--host", "192.168.0.7"], says: "--tls-cert" },
  { args: ["--host", "::"], says: "--tls-cert" },
  { args: ["--tls-cert", "c.pem"], says: "go together" },
  { args: ["--servers", "http://localhost:4222"], says: "nats://" },
  { args: ["--servers", "nats://user:pass@localhost"], says: "credentials" },
  { args: ["--store", "kept", "--servers", "localhost"], says: "starts none" },
  { args: ["--store", ""], says: "a folder" },
  { args: ["--unknown"], says: "--unknown" },
  { args: ["surplus"], says: "surplus" },
])("$args is refused as bad input that names $says", ({ args, says }) => {
  const read = (): unknown => readStartArguments(args);

  expect(read).toThrow(
    expect.objectContaining({ code: "bad-input", message: expect.stringContaining(says) }),
  );
});

test("a server without scheme is a NATS server over TCP", () => {
  const url = readServer("127.0.0.1:4222");

  expect(url.href).toBe("nats://127.0.0.1:4222");
});

test.each([
  { host: "localhost", loopback: true },
  { host: "127.0.0.1", loopback: true },
  { host: "127.8.9.1", loopback: true },
  { host: "::1", loopback: true },
  { host: "127.0.0.1.evil.test", loopback: false },
  { host: "0.0.0.0", loopback: false },
  { host: "10.0.0.1", loopback: false },
])("$host is loopback: $loopback", ({ host, loopback }) => {
  const answer = isLoopback(host);

  expect(answer).toBe(loopback);
});

test.each([
  ["ghcr.io", "ghcr.io"],
  ["GHCR.io:443", "ghcr.io"],
  ["localhost:5000", "localhost:5000"],
  ["docker.io", "index.docker.io"],
  ["[::1]:5000", "[::1]:5000"],
])("--images %s lets pages read %s", (given, host) => {
  expect(readStartArguments(["--images", given, "--images", "quay.io"]).images).toEqual([
    host,
    "quay.io",
  ]);
});

test.each(["https://ghcr.io", "ghcr.io/acme", "user@ghcr.io", "", "*.example", "ghcr.io?x", "a b"])(
  "--images %j is refused",
  (given) => {
    expect(() => readStartArguments(["--images", given])).toThrow(
      expect.objectContaining({ code: "bad-input" }),
    );
  },
);
