/** The messages of v2 against vectors that two protobuf libraries agree on, and in all shapes that they can have. */
import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Message } from "../../../../src/wire/protojson.ts";

import {
  hostHeartbeat,
  workloadRequest,
  workloadResponse,
  workloadStartRequest,
} from "../../../../src/dialects/v2/schema.ts";
import { commandSubject, heartbeatSubject } from "../../../../src/dialects/v2/subjects.ts";
import { anyHeartbeat, anyResponse, anyStart } from "../../../support/operator-messages.ts";
import { shows } from "../../../support/protocol-rows.ts";

interface Vector {
  readonly id: string;
  readonly type: string;
  readonly subject?: string;
  readonly jsonUtf8: string;
}

interface VectorFile {
  readonly vectors: readonly Vector[];
  readonly decoderExpectations: readonly { readonly id: string; readonly json: unknown }[];
}

const file: VectorFile = JSON.parse(
  readFileSync(new URL("../../../vectors/runtime-v2.json", import.meta.url), "utf8"),
);
const { vectors, decoderExpectations: expectations } = file;

/** A message with its type forgotten. */
interface AnyMessage {
  readonly decode: (data: Uint8Array) => unknown;
  readonly encode: (value: unknown) => Uint8Array;
}

const any = <T>({ decode, encode }: Message<T>): AnyMessage => ({
  decode,
  // What it is given was decoded, or made, for it.
  encode: encode as AnyMessage["encode"],
});

const MESSAGES: Readonly<Record<string, AnyMessage>> = {
  HostHeartbeat: any(hostHeartbeat),
  WorkloadStartRequest: any(workloadStartRequest),
  WorkloadStatusRequest: any(workloadRequest),
  WorkloadStopRequest: any(workloadRequest),
  WorkloadStartResponse: any(workloadResponse),
  WorkloadStatusResponse: any(workloadResponse),
  WorkloadStopResponse: any(workloadResponse),
};

function messageOf(type: string): AnyMessage {
  const found = MESSAGES[type.replace("wasmcloud.runtime.v2.", "")];
  if (found === undefined) throw new Error(`no message ${type}`);
  return found;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array): string => new TextDecoder().decode(data);

test("there are vectors", () => {
  expect(vectors.length).toBe(10);
  expect(expectations.length).toBe(7);
});

test.each(vectors)("$id is read, and written as it was", ({ type, jsonUtf8 }) => {
  shows("v2, operator: JSON");
  const message = messageOf(type);

  const value = message.decode(bytes(jsonUtf8));

  expect(JSON.parse(text(message.encode(value)))).toEqual(JSON.parse(jsonUtf8));
});

test.each(vectors)("$id loses nothing when it is read again", ({ type, jsonUtf8 }) => {
  const message = messageOf(type);
  const value = message.decode(bytes(jsonUtf8));

  expect(message.decode(message.encode(value))).toEqual(value);
});

test("subjects are those of the vectors", () => {
  const host = "7b1f8d2e-4c53-4a0e-9b5f-0d6c1c2a9e11";
  const subjects = new Set(vectors.flatMap(({ subject }) => subject ?? []));

  expect([...subjects].sort()).toEqual(
    [
      heartbeatSubject(host),
      ...["start", "status", "stop"].map((name) => commandSubject(host, `workload.${name}`)),
    ].sort(),
  );
});

describe("what decoders differ in is read leniently", () => {
  const id = "7b1f8d2e-4c53-4a0e-9b5f-0d6c1c2a9e11";
  const workloadId = "2f6f3c1a-9d0b-4f7e-8a55-5b1f0c9d7e42";
  const jsonOf = (name: string): Uint8Array => {
    const found = expectations.find((expectation) => expectation.id === name);
    if (found === undefined) throw new Error(`no expectation ${name}`);
    return bytes(JSON.stringify(found.json));
  };

  test.each([
    { name: "unknown-field", has: { id, friendlyName: "x" } },
    { name: "environment-to-v2.0.x-operator", has: { id, environment: "edge" } },
    { name: "numeric-uint64", has: { id, workloadCount: 2n } },
    { name: "null-scalar", has: { id, friendlyName: "" } },
  ])("$name", ({ name, has }) => {
    expect(hostHeartbeat.decode(jsonOf(name))).toMatchObject(has);
  });

  test("snake-case-names", () => {
    expect(workloadRequest.decode(jsonOf("snake-case-names"))).toEqual({ workloadId });
  });

  test("enum-as-number", () => {
    expect(workloadResponse.decode(jsonOf("enum-as-number"))).toEqual({
      workloadStatus: { workloadId, workloadState: "WORKLOAD_STATE_RUNNING", message: "" },
    });
  });

  test("empty-payload", () => {
    expect(() => workloadRequest.decode(new Uint8Array())).toThrow("must be JSON");
  });
});

/** Both spellings of a message: that of the wire, and the one with the names of the `.proto` file and without texts of numbers. */
function snakeCase(json: unknown, isMap = false): unknown {
  if (Array.isArray(json)) return json.map((each) => snakeCase(each));
  if (typeof json !== "object" || json === null) return json;
  const maps = new Set(["labels", "config", "environment", "annotations"]);
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [
      isMap ? key : key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      snakeCase(value, !isMap && maps.has(key)),
    ]),
  );
}

const shapes: readonly {
  readonly name: string;
  readonly message: AnyMessage;
  readonly values: fc.Arbitrary<unknown>;
}[] = [
  { name: "HostHeartbeat", message: any(hostHeartbeat), values: anyHeartbeat },
  { name: "WorkloadStartRequest", message: any(workloadStartRequest), values: anyStart },
  { name: "a response", message: any(workloadResponse), values: anyResponse },
];

describe.each(shapes)("$name", ({ message, values }) => {
  test("whatever is written is read as it was, in either spelling", () => {
    fc.assert(
      fc.property(values, (value) => {
        const written = message.encode(value);
        const spelled = bytes(JSON.stringify(snakeCase(JSON.parse(text(written)))));

        expect(message.decode(written)).toEqual(value);
        expect(message.decode(spelled)).toEqual(value);
      }),
    );
  });

  test("no default and no null is written", () => {
    const isDefault = (json: unknown): boolean =>
      json === null || json === "" || json === 0 || json === false || json === "0";
    const isEmptyList = (json: unknown): boolean => Array.isArray(json) && json.length === 0;
    const defaults = (json: unknown): readonly unknown[] => {
      if (typeof json !== "object" || json === null) return [];
      if (Array.isArray(json)) return json.flatMap(defaults);
      return Object.entries(json).flatMap(([key, value]) => {
        if (["labels", "config", "annotations"].includes(key)) return [];
        if (key === "environment" && typeof value === "object") return [];
        return isDefault(value) || isEmptyList(value) ? [key] : defaults(value);
      });
    };

    fc.assert(
      fc.property(values, (value) => {
        expect(defaults(JSON.parse(text(message.encode(value))))).toEqual([]);
      }),
    );
  });
});

test("any bytes are read or refused as a bad message", () => {
  const refused = { code: "bad-message" };
  const attempt = (message: AnyMessage, data: Uint8Array): unknown => {
    try {
      message.decode(data);
      return refused;
    } catch (thrown) {
      return thrown;
    }
  };
  const json = fc.oneof(
    fc.uint8Array(),
    fc.json().map(bytes),
    fc.json({ maxDepth: 3 }).map((inner) => bytes(`{"workload":${inner},"labels":${inner}}`)),
  );

  fc.assert(
    fc.property(json, (data) => {
      for (const { message } of shapes) {
        expect(attempt(message, data)).toMatchObject(refused);
      }
    }),
  );
});
