/** Where pages report to: an HTTP server that takes one JSON object per request, sorted by address. */
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

import type { StageOfPage } from "./page/embedded.ts";
import type { JoinStep } from "../../src/core/node-state.ts";

export type Report =
  | {
      readonly type: "joined";
      readonly hostId: string;
      readonly bridge: string;
      readonly joinSteps: readonly JoinStep[];
    }
  | { readonly type: "joins"; readonly visits: readonly (readonly JoinStep[])[] }
  | { readonly type: "embedded"; readonly stages: readonly StageOfPage[] }
  | { readonly type: "failed"; readonly error: string };

export interface Reports extends AsyncDisposable {
  /** A new address of its own. */
  open(): ReportPlace;
}

export interface ReportPlace {
  readonly url: string;
  /** The next report of `type`, past or to come. Rejects on a failed one, or after `limitMs`. */
  next<T extends Report["type"]>(
    type: T,
    limitMs: number,
  ): Promise<Extract<Report, { readonly type: T }>>;
}

export async function openReports(): Promise<Reports> {
  const places = new Map<string, (report: Report) => void>();
  const server = createServer((request, response) => {
    read(request).then(
      (report) => {
        places.get(request.url ?? "")?.(report);
        return response.writeHead(204).end();
      },
      () => response.destroy(), // a page that ended while it spoke
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    open() {
      const path = `/${places.size}`;
      const place = createPlace(`http://127.0.0.1:${port}${path}`);
      places.set(path, (report) => place.take(report));
      return place;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

function createPlace(url: string): ReportPlace & { take(report: Report): void } {
  const heard: Report[] = [];
  let wake: () => void = () => undefined;
  return {
    url,
    take(report) {
      heard.push(report);
      wake();
    },
    async next(type, limitMs) {
      const late = AbortSignal.timeout(limitMs);
      for (;;) {
        const report = heard.shift();
        if (report?.type === "failed") throw new Error(`a page failed: ${report.error}`);
        if (report?.type === type) return report as Extract<Report, { readonly type: typeof type }>;
        if (report !== undefined) continue;
        // oxlint-disable-next-line no-await-in-loop -- one report after the other
        await new Promise<void>((resolve, reject) => {
          wake = resolve;
          const giveUp = (): void => reject(new Error(`no "${type}" from a page in ${limitMs} ms`));
          if (late.aborted) giveUp();
          else late.addEventListener("abort", giveUp, { once: true });
        });
      }
    },
  };
}

async function read(request: IncomingMessage): Promise<Report> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString()) as Report;
}
