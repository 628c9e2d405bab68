/** The fixture `web` in Node: its glue without suspending, WASI of the workers, and streams that end at once. */
import type { FakeStreams } from "./fake-streams.ts";

import { createWasi } from "../../src/workers/wasi/wasi.ts";
import { fakeStreams, runningLife } from "./fake-streams.ts";
import { fixture } from "./fixtures.ts";
import { guestOf } from "./guest.ts";
import type { Instantiate } from "./guest.ts";

const HANDLER = "wasi:http/incoming-handler@0.2.3";
const SERVED = "wrpc:http/incoming-handler@0.1.0";

const WANTED = [
  "wasi:clocks/monotonic-clock",
  "wasi:http/outgoing-handler",
  "wasi:http/types",
  "wasi:io/error",
  "wasi:io/poll",
  "wasi:io/streams",
];

export interface AskedRequest {
  readonly path?: string;
  readonly method?: { readonly tag: string; readonly val?: string };
  readonly authority?: string | undefined;
  readonly headers?: readonly (readonly [string, readonly Uint8Array[]])[];
  readonly body?: Parameters<FakeStreams["stream"]>[0];
  readonly trailers?: readonly (readonly [string, readonly Uint8Array[]])[] | undefined;
}

export interface Asked {
  /** What `respond` was given, and what the adapter gave at its end. */
  readonly responded: readonly (readonly unknown[])[];
  readonly returned: unknown;
  /** What the adapter threw. */
  readonly thrown: unknown;
}

let instantiate: Promise<Instantiate> | undefined;

/** Makes the glue, which takes seconds on a busy machine; {@link ask} does so as well. */
export async function prepareGlue(): Promise<Instantiate> {
  return (instantiate ??= guestOf(fixture("web")));
}

/** Serves one request with a fresh instance. */
export async function ask(fake: FakeStreams, request: AskedRequest): Promise<Asked> {
  const life = runningLife();
  const surround = createWasi({
    mode: "sync",
    wanted: WANTED,
    environment: new Map(),
    maxBytes: 1_000_000,
    print: () => undefined,
  });
  const { imports, adapters } = surround(life, fake.streams);
  const guest = await (await prepareGlue())(imports);
  const adapter = adapters.get(SERVED);
  const handler = guest[HANDLER];
  if (adapter === undefined || handler === undefined) throw new Error("there is no HTTP handler");
  const record = {
    body: fake.stream(request.body ?? []),
    trailers: fake.future(request.trailers),
    method: request.method ?? { tag: "get" },
    pathWithQuery: request.path,
    scheme: { tag: "HTTP" },
    authority: "authority" in request ? request.authority : "here.example",
    headers: request.headers ?? [],
  };
  const responded: (readonly unknown[])[] = [];
  const respond = (results: readonly unknown[]): void => void responded.push(results);
  try {
    const returned = await adapter(handler, { func: "handle", args: [record], respond });
    return { responded, returned, thrown: undefined };
  } catch (thrown) {
    return { responded, returned: undefined, thrown };
  } finally {
    life.end();
  }
}

/** A fake without waits, as the glue of the fixture needs them. */
export function openFake(): FakeStreams {
  return fakeStreams("atomics");
}
