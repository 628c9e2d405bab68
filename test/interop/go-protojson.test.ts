/** Go's `protojson`, the codec of wasmCloud v2's operator, in its default options: it reads what we write, and we what it writes. */
import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Message } from "../../src/wire/protojson.ts";
import type { NatsServer } from "../support/launch-nats.ts";

import {
  hostHeartbeat,
  workloadRequest,
  workloadResponse,
  workloadStartRequest,
} from "../../src/dialects/v2/schema.ts";
import { launchNats } from "../support/launch-nats.ts";
import { anyHeartbeat, anyResponse, anyStart } from "../support/operator-messages.ts";
import { type OperatorPeer, startOperatorPeer } from "./support/operator-peer.ts";

let server: NatsServer;
let peer: OperatorPeer;
beforeAll(async () => {
  server = await launchNats();
  peer = await startOperatorPeer(server.nats);
});
afterAll(async () => {
  await peer[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const bytes = (json: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(json));
const parsed = (data: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(data));

interface Vector {
  readonly id: string;
  readonly type: string;
  readonly jsonUtf8: string;
}
const { vectors }: { readonly vectors: readonly Vector[] } = JSON.parse(
  readFileSync(new URL("../vectors/runtime-v2.json", import.meta.url), "utf8"),
);
interface AnyMessage {
  readonly decode: (data: Uint8Array) => unknown;
  readonly encode: (value: unknown) => Uint8Array;
}
const any = <T>({ decode, encode }: Message<T>): AnyMessage => ({
  decode,
  encode: encode as AnyMessage["encode"],
});
const messages: readonly { type: RegExp; message: AnyMessage }[] = [
  { type: /HostHeartbeat$/, message: any(hostHeartbeat) },
  { type: /StartRequest$/, message: any(workloadStartRequest) },
  { type: /(Status|Stop)Request$/, message: any(workloadRequest) },
  { type: /Response$/, message: any(workloadResponse) },
];

test.each(vectors)("$id", async ({ type, jsonUtf8 }) => {
  const name = type.slice(type.lastIndexOf(".") + 1);
  const { message } = messages.find((each) => each.type.test(name)) ?? {};
  const request = message && parsed(message.encode(message.decode(Buffer.from(jsonUtf8))));

  const { message: again, problem } = await peer.transcode(name, request);

  expect(problem).toBeUndefined();
  expect(again).toEqual(JSON.parse(jsonUtf8));
});

test.each([
  { type: "HostHeartbeat", message: any(hostHeartbeat), values: anyHeartbeat },
  { type: "WorkloadStartRequest", message: any(workloadStartRequest), values: anyStart },
  { type: "WorkloadStatusResponse", message: any(workloadResponse), values: anyResponse },
])("$type: any is read there as it was written here, and back", async (shape) => {
  const { type, message, values } = shape;
  const property = fc.asyncProperty(values, async (value) => {
    const request = parsed(message.encode(oneKind(value)));

    const { message: again, problem } = await peer.transcode(type, request);

    expect(problem).toBeUndefined();
    expect(message.decode(bytes(again))).toEqual(oneKind(value));
  });

  await fc.assert(property, { numRuns: 200 });
});

test("it is as strict as an operator", async () => {
  const request = { id: "tab", userAgent: "Firefox" };

  const { problem } = await peer.transcode("HostHeartbeat", request);

  expect(problem).toMatch(/unknown field "userAgent"/);
});

/** Of the kinds of a volume protobuf takes one. */
function oneKind(value: unknown): unknown {
  if (typeof value !== "object" || value === null || value instanceof Map) return value;
  if (Array.isArray(value)) return value.map(oneKind);
  const entries = Object.entries(value).map(([key, each]): [string, unknown] =>
    key === "hostPath" && "emptyDir" in value && value.emptyDir !== undefined
      ? [key, undefined]
      : [key, oneKind(each)],
  );
  return Object.fromEntries(entries);
}
