/** Requests and responses of `wrpc:http` as those who serve it have them. */
import type { WitStream } from "../../src/core/wit.ts";

import { streamOf } from "./streams.ts";

export type Fields = readonly (readonly [string, readonly Uint8Array[]])[];

export interface Request {
  readonly body: WitStream;
  readonly trailers: Promise<Fields | undefined>;
  readonly method: { readonly tag: string; readonly val?: string };
  readonly pathWithQuery: string;
  readonly scheme: { readonly tag: string };
  readonly authority: string;
  readonly headers: Fields;
}

export interface Response {
  readonly status?: number;
  readonly headers?: Fields;
  readonly body?: WitStream;
  readonly trailers?: Promise<Fields | undefined>;
}

export const bytes = (value: string): Uint8Array => new Uint8Array(Buffer.from(value));
export const fields = (all: Readonly<Record<string, string>>): Fields =>
  Object.entries(all).map(([name, value]) => [name, [bytes(value)]]);
export const textOf = (all: Fields): Record<string, string> =>
  Object.fromEntries(
    all.map(([name, values]) => [name, values.map((value) => Buffer.from(value)).join(" | ")]),
  );
export const ok = ({
  status = 200,
  headers = [],
  body,
  trailers,
}: Response): readonly unknown[] => [
  {
    tag: "ok",
    val: {
      status,
      headers,
      body: body ?? streamOf([]),
      trailers: trailers ?? Promise.resolve(undefined),
    },
  },
];
