import { expect, test } from "vitest";

import { parseReference } from "../../../src/runtime/reference.ts";

const PIN = "0123456789abcdef".repeat(4);

test.each([
  ["https://host/x.wasm", "https://host/x.wasm", undefined],
  ["http://127.0.0.1:8080/a/x.wasm?v=2", "http://127.0.0.1:8080/a/x.wasm?v=2", undefined],
  ["https://host/download/42", "https://host/download/42", undefined],
  [`https://host/x.wasm#sha256=${PIN.toUpperCase()}`, "https://host/x.wasm", PIN],
  ["https://host/x:1.2.wasm", "https://host/x:1.2.wasm", undefined],
  ["https://host/x.wasm#", "https://host/x.wasm", undefined],
  ["https://host/%ff/x", "https://host/%ff/x", undefined],
  ["blob:http://host/0c7b", "blob:http://host/0c7b", undefined],
  ["https://host/x:1?download=1", "https://host/x:1?download=1", undefined],
  [`https://host/x:1#sha256=${PIN}`, "https://host/x:1", PIN],
])("%s is a file", (reference, address, pin) => {
  expect(parseReference(reference)).toEqual({ kind: "file", address, pin });
});

test.each([
  ["oci://registry.example/app:1.0", "https://registry.example", "registry.example/app:1.0"],
  ["OCI://registry.example/app:1.0", "https://registry.example", "registry.example/app:1.0"],
  ["registry.example/app:1.0", "https://registry.example", "registry.example/app:1.0"],
  ["registry.example/app:1.0.wasm", "https://registry.example", "registry.example/app:1.0.wasm"],
  ["localhost:5000/app", "http://localhost:5000", "localhost:5000/app:latest"],
  ["http://registry.example/app:1.0", "http://registry.example", "registry.example/app:1.0"],
  ["https://127.0.0.1:5000/app:1.0", "https://127.0.0.1:5000", "127.0.0.1:5000/app:1.0"],
  [
    `https://registry.example/app@sha256:${PIN}`,
    "https://registry.example",
    `registry.example/app@sha256:${PIN}`,
  ],
])("%s is an OCI image", (reference, origin, name) => {
  expect(parseReference(reference)).toMatchObject({ kind: "oci", origin, name });
});

test.each([
  ["inlay:///keyvalue", "unsupported"],
  ["file:///etc/x.wasm", "unsupported"],
  ["https://", "bad-input"],
  ["https://host/x.wasm#sha256=12", "bad-input"],
  [`https://host/x.wasm#sha-256=${PIN}`, "bad-input"],
  [`https://host/x.wasm#sha256:${PIN}`, "bad-input"],
  [`https://host/x.wasm#sha265=${PIN}`, "bad-input"],
  [`blob:http://host/0c7b#digest=${PIN}`, "bad-input"],
  ["https://host/x.wasm#part", "bad-input"],
  ["https://host/x@sha256:12", "bad-input"],
  ["https://user:secret@host/x:1", "bad-input"],
  ["oci://", "bad-input"],
  ["", "bad-input"],
])("%s is told apart", (reference, code) => {
  expect(() => parseReference(reference)).toThrowError(expect.objectContaining({ code }));
});

test("a pin that is misspelt is answered with how it is written", () => {
  expect(() => parseReference(`https://host/x.wasm#sha-256=${PIN}`)).toThrowError(
    `the end "#sha-256=${PIN}" of the reference means nothing here; a pin is written #sha256= and 64 hex digits`,
  );
});
