/** A folder on a port of its own, as the gateway serves files: another origin for a page. */
import { once } from "node:events";
import { createServer } from "node:http";

import { serveFile } from "../../src/cli/static-files.ts";

export interface FolderServer extends AsyncDisposable {
  /** Ends in `/`. */
  readonly url: string;
}

export async function serveFolder(folder: string): Promise<FolderServer> {
  const server = createServer((request, response) => {
    const [path = "/"] = (request.url ?? "/").split("?");
    serveFile(request, response, path, { folder, isolate: false }).catch(
      () => response.destroy(), // a browser that has ended while it loaded
    );
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return {
    url: `http://127.0.0.1:${address.port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
