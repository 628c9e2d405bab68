/** What a page has of a node, in Node: functions that are served and called as in a page, by a host that runs beside them. */
import type { NodeMethods } from "../../src/channels/node.ts";
import type { AnyClient, ClientOptions } from "../../src/typed/client.ts";
import type { Served, ServeOptions, TypedParts } from "../../src/typed/serve.ts";
import type { LatticeHost } from "./lattice-host.ts";

import { answerClient } from "../../src/providers/page/client.ts";
import { serveForPage } from "../../src/providers/page/served.ts";
import { client, serve } from "../../src/typed/typed.ts";
import { realClock } from "./real-clock.ts";

export interface PageNode extends AsyncDisposable {
  serve(wit: string, options: ServeOptions, exports: object): Promise<Served>;
  client(wit: string, target: string, options?: ClientOptions): Promise<AnyClient>;
  /** What the page's author was told of failures. */
  readonly reports: readonly string[];
}

export interface PageNodeOptions {
  readonly queueLimit?: number;
  readonly deadlineMs?: number;
}

export function pageNode(
  { host }: Pick<LatticeHost, "host">,
  { queueLimit = 100, deadlineMs = 30_000 }: PageNodeOptions = {},
): PageNode {
  const lifetime = new AbortController();
  const reports: string[] = [];
  let calls = 0;
  const methods: Pick<NodeMethods, "serve" | "client"> = {
    serve: (request) =>
      serveForPage(host, through(request), { queueLimit, callDeadlineMs: deadlineMs }),
    async client(request) {
      answerClient(host, through(request), {
        clock: realClock,
        deadlineMs,
        signal: lifetime.signal,
        nextId: () => `page-${calls++}`,
      });
    },
  };
  const parts: TypedParts = {
    host: methods,
    signal: lifetime.signal,
    report: (message, cause) => reports.push(`${message}: ${String(cause)}`),
  };
  return {
    serve: (wit, options, exports) => serve(parts, wit, options, exports),
    async client(wit, target, options = {}) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a client is an object of objects
      return (await client(parts, wit, target, options)) as AnyClient;
    },
    reports,
    async [Symbol.asyncDispose]() {
      lifetime.abort(new Error("the page has gone"));
    },
  };
}

/** `request` as it comes to the host worker: copied, its port handed over. */
function through<T extends { readonly port: MessagePort }>(request: T): T {
  const { value = request } = request as { readonly value?: T };
  const { port, ...rest } = value;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a copy is of the same type
  return { ...structuredClone(rest), port } as T;
}
