import { describe, expect, test } from "vitest";
import {
  entriesOf,
  requestHead,
  responseHead,
  wireFields,
  type WireRequest,
} from "../../../../src/workers/wasi/http-values.ts";
import { errorCodeOf, HttpFailure } from "../../../../src/workers/wasi/http-error.ts";
import { LatticeError } from "../../../../src/core/error.ts";
import { bytesOf } from "../../../support/fake-streams.ts";

const request = (changes: Partial<WireRequest>): WireRequest => ({
  body: { $stream: 1 },
  trailers: { $future: 2 },
  method: { tag: "get" },
  pathWithQuery: "/",
  scheme: undefined,
  authority: undefined,
  headers: [],
  ...changes,
});

describe("fields of the lattice", () => {
  test("have each name once, in lower case, with all values inside", () => {
    const fields = wireFields([
      ["Set-Cookie", bytesOf("a")],
      ["x", bytesOf("1")],
      ["set-cookie", bytesOf("b")],
    ]);

    expect(fields).toEqual([
      ["set-cookie", [bytesOf("a"), bytesOf("b")]],
      ["x", [bytesOf("1")]],
    ]);
  });

  test("become entries, without names that have no values or belong to the connection", () => {
    const entries = entriesOf([
      ["a", [bytesOf("1"), bytesOf("2")]],
      ["empty", []],
      ["Transfer-Encoding", [bytesOf("chunked")]],
    ]);

    expect(entries).toEqual([
      ["a", bytesOf("1")],
      ["a", bytesOf("2")],
    ]);
  });

  test.each([
    [
      [
        ["a", []],
        ["A", []],
      ],
      "the header A comes twice",
    ],
    [[["a b", []]], '"a b" is no name of a header'],
    [[["a", [bytesOf("\n")]]], "the header a has a control character"],
  ] as const)("that are none are refused: %j", (fields, message) => {
    expect(() => entriesOf(fields)).toThrow(`an HTTP message is invalid: ${message}`);
  });
});

describe("a request of the lattice", () => {
  test("without a path is for the root", () => {
    expect(requestHead(request({ pathWithQuery: undefined })).pathWithQuery).toBe("/");
  });

  test.each([
    [{ method: { tag: "other", val: "BREW IT" } }, '"BREW IT" is no method'],
    [{ scheme: { tag: "other", val: "1x" } }, '"1x" is no scheme'],
    [{ authority: "a b" }, '"a b" is no authority'],
    [{ headers: [["host", [bytesOf("a/b")]]] }, '"a/b" is no authority'],
  ] as const)("that is none is refused: %j", (changes, message) => {
    expect(() => requestHead(request(changes))).toThrow(`an HTTP message is invalid: ${message}`);
  });

  test.each(["example.com", "example.com:80", "[::1]:8080", "user:pw@example.com", "127.0.0.1"])(
    "may be for %s",
    (authority) => {
      expect(requestHead(request({ authority })).authority).toBe(authority);
    },
  );
});

test.each([99, 1000])("a response of the lattice has no status %d", (status) => {
  const response = { body: { $stream: 1 }, trailers: { $future: 2 }, status, headers: [] };

  expect(() => responseHead(response)).toThrow(`${status} is no status`);
});

describe("a failure", () => {
  test.each([
    ["link-missing", "destination-not-found"],
    ["not-served", "destination-unavailable"],
    ["disconnected", "destination-unavailable"],
    ["overloaded", "connection-limit-reached"],
    ["deadline", "HTTP-response-timeout"],
    ["denied", "HTTP-request-denied"],
    ["bad-message", "HTTP-protocol-error"],
    ["incomplete", "HTTP-response-incomplete"],
    ["aborted", "connection-terminated"],
    ["worker-lost", "connection-terminated"],
  ] as const)("%s is %s", (code, tag) => {
    expect(errorCodeOf(new LatticeError(code, "x"))).toEqual({ tag });
  });

  test("of another kind is an internal error with its text", () => {
    expect(errorCodeOf(new Error("odd"))).toEqual({ tag: "internal-error", val: "odd" });
    expect(errorCodeOf(new LatticeError("too-large", "far too large"))).toEqual({
      tag: "internal-error",
      val: "far too large",
    });
  });

  test("that has an error code keeps it", () => {
    const code = { tag: "HTTP-request-body-size", val: 3n } as const;

    expect(errorCodeOf(new HttpFailure(code, "too long"))).toBe(code);
  });
});
