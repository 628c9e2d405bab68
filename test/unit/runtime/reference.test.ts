import { expect, test } from "vitest";

import { parseReference } from "../../../src/runtime/reference.ts";

const PIN = "0123456789abcdef".repeat(4);

test.each([
  ["https://host/x.wasm", "https://host/x.wasm", undefined],
  ["http://127.0.0.1:8080/a/x.wasm?v=2", "http://127.0.0.1:8080/a/x.wasm?v=2", undefined],
  ["https://host/download/42", "https://host/download/42", undefined],
  [`https://host/x.wasm#sha256=${PIN.toUpperCase()}`, "https://host/x.wasm", PIN],
  ["https://host/x:1.2.wasm", "https://host/x:1.2.wasm", undefined],
  ["https://host/x.wasm#part", "https://host/x.wasm", undefined],
  ["https://host/%ff/x", "https://host/%ff/x", undefined],
  ["blob:http://host/0c7b", "blob:http://host/0c7b", undefined],
])("%s is a file", (reference, address, pin) => {
  expect(parseReference(reference)).toEqual({ address, pin });
});

test.each([
  "oci://registry.example/app:1.0",
  "registry.example/app:1.0",
  "localhost:5000/app",
  "app",
  "http://registry.example/app:1.0",
  `https://registry.example/app@sha256:${PIN}`,
])("%s is an OCI image, which is not offered", (reference) => {
  expect(() => parseReference(reference)).toThrowError(
    expect.objectContaining({
      code: "unsupported",
      message: `${reference} names an image in an OCI registry, which this host does not pull from; give the https address of the .wasm file`,
    }),
  );
});

test.each([
  ["inlay:///keyvalue", "unsupported"],
  ["file:///etc/x.wasm", "unsupported"],
  ["https://", "bad-input"],
  ["https://host/x.wasm#sha256=12", "bad-input"],
])("%s is told apart", (reference, code) => {
  expect(() => parseReference(reference)).toThrowError(expect.objectContaining({ code }));
});
