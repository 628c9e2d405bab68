/** An HTTP server of component files for tests: well-behaved under `/ok/`, badly under other names. */
import { createServer } from "node:http";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import type { IncomingMessage, ServerResponse } from "node:http";

const COMPONENTS = resolve(import.meta.dirname, "../fixtures/components");

export interface ImageServer extends AsyncDisposable {
  /** Address of `name`, served as `how`. */
  url(name: string, how?: Manner): string;
  /** Paths asked for so far, by GET. */
  readonly requests: readonly string[];
  /** Adds a file under a name of its own. */
  add(name: string, bytes: Uint8Array): void;
}

/** `no-cors`: without the header that lets other origins read it. `cut`: ends in the middle. `sign-in`: a web page instead. */
export type Manner = "ok" | "no-cors" | "cut" | "sign-in" | "huge";

export async function serveImages(): Promise<ImageServer> {
  const requests: string[] = [];
  const added = new Map<string, Uint8Array>();
  const bytesOf = (name: string): Promise<Uint8Array> =>
    Promise.resolve(added.get(name) ?? readFile(resolve(COMPONENTS, basename(name))));
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    if (request.method === "GET") requests.push(path);
    const [, manner, name = ""] = path.split("/");
    if (manner !== "no-cors") response.setHeader("access-control-allow-origin", "*");
    if (manner === "sign-in") {
      response.setHeader("content-type", "text/html").end("<!doctype html><title>Sign in</title>");
      return;
    }
    if (manner === "huge") {
      response
        .setHeader("content-type", "application/wasm")
        .setHeader("content-length", 200 * 1024 * 1024);
      response.write(new Uint8Array(64 * 1024));
      return; // whoever reads the length needs no more
    }
    let bytes: Uint8Array;
    try {
      bytes = await bytesOf(name);
    } catch {
      response.statusCode = 404;
      response.end("no such file");
      return;
    }
    response.setHeader("content-type", "application/wasm");
    response.end(manner === "cut" ? bytes.subarray(0, bytes.length >> 1) : bytes);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) =>
      response.destroy(error instanceof Error ? error : undefined),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: (name, how = "ok") => `http://127.0.0.1:${address.port}/${how}/${name}`,
    requests,
    add: (name, bytes) => void added.set(name, bytes),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
