/** A server that passes requests for files on to another one, counts them, and lets no browser keep an answer. */
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";

export interface CountingProxy extends AsyncDisposable {
  /** Base address, ending in `/`. */
  readonly page: string;
  /** Requests so far whose path has `part`. */
  count(part: string): number;
}

/** Passes requests on to `target`, a base address over plain HTTP. */
export async function openCountingProxy(target: string): Promise<CountingProxy> {
  const paths: string[] = [];
  const pass = (incoming: IncomingMessage, response: ServerResponse): void => {
    const { method, url = "/" } = incoming;
    paths.push(new URL(url, target).pathname);
    // Without the browser's validators: each answer is a whole one.
    const outgoing = request(new URL(url, target), { method }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, {
        ...answer.headers,
        "cache-control": "no-store",
      });
      answer.pipe(response);
    });
    outgoing.on("error", (error) => response.destroy(error));
    outgoing.end();
  };
  const server = createServer(pass);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    page: `http://127.0.0.1:${address.port}/`,
    count: (part) => paths.filter((path) => path.includes(part)).length,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
