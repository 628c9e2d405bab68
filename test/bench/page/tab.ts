/**
 * The tab that is measured: joins with the built library, as a web app does, and echoes in a second worker. It is
 * driven by its address alone and reports to `report`; when its node is stopped it loads itself again.
 */
import type * as Library from "../../../src/index.ts";

import { report } from "./report.ts";

const query = new URLSearchParams(location.search);
const server = query.get("server") ?? "";
const lattice = query.get("lattice") ?? "";
const echo = query.get("echo");
const issuer = query.get("issuer");
const operator = query.get("operator");

async function main(): Promise<void> {
  if (echo !== null) await startEcho(echo);
  const address = new URL("../lib/index.js", location.href).href;
  const library = (await import(/* @vite-ignore */ address)) as typeof Library;
  const node = await library.join({
    servers: [server],
    lattice,
    name: "bench",
    ...(issuer === null
      ? {}
      : { dialects: ["v1", "v0"], clusterIssuers: [issuer], allowUnsigned: true }),
    ...(operator === null ? {} : { dialects: ["v1", "v2"], operator: { id: operator } }),
  });
  const { hostId, joinSteps, bridge } = node.view.peek();
  node.view.subscribe(({ phase }) => {
    if (phase === "stopped") location.reload();
  });
  await report({ type: "joined", hostId, joinSteps, bridge });
}

/** Resolves when the worker has subscribed. */
function startEcho(subject: string): Promise<void> {
  const worker = new Worker(new URL("./echo.worker.ts", import.meta.url), { type: "module" });
  return new Promise((resolve, reject) => {
    worker.addEventListener("message", () => resolve(), { once: true });
    worker.addEventListener("error", ({ message }) => reject(new Error(`the echo: ${message}`)));
    worker.postMessage({ server, subject });
  });
}

main().catch((error: unknown) => report({ type: "failed", error: String(error) }));
