/** A folder of built files over HTTP: types, validators, caching, and the headers that a page of workers needs. */
import { createReadStream, type Stats } from "node:fs";
import { stat } from "node:fs/promises";
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { extname, join, sep } from "node:path";
import { pipeline } from "node:stream/promises";

export interface StaticOptions {
  readonly folder: string;
  /** Sends what makes pages cross-origin isolated. */
  readonly isolate: boolean;
}

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml; charset=utf-8",
  ".ts": "text/plain; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json; charset=utf-8",
  ".wit": "text/plain; charset=utf-8",
  ".woff2": "font/woff2",
};

/**
 * For documents only. A worker that is served with this policy could neither compile WebAssembly nor import the
 * modules that the transpiler makes; served without one it may, whatever its page's policy is. Connections stay
 * open: people join servers and fetch components elsewhere.
 */
const DOCUMENT_POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self' http: https: ws: wss: data: blob:",
  "worker-src 'self' blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'self'",
].join("; ");

/**
 * For the worker that runs guests: its own modules, those that the transpiler makes, and no connection to anywhere, whatever
 * a guest may break out of. Firefox takes compiled WebAssembly only where it may be compiled.
 */
const GUEST_POLICY = "default-src 'none'; script-src 'self' blob: 'wasm-unsafe-eval'";
const GUEST_WORKER = /^workers\/component\.worker-[\w-]{8}\.js$/;

/** The build puts a hash of the content into these names (vite.config.ts, `output.entryFileNames`). */
const HASHED = /^(?:assets|workers)\/.+-[\w-]{8}\.\w+$/;

/** Headers of every response of the gateway. */
export function commonHeaders(isolate: boolean): OutgoingHttpHeaders {
  const headers = { "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" };
  if (!isolate) return headers;
  // A worker's script needs the embedder policy itself, or an isolated page may not start it.
  return {
    ...headers,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
  };
}

/** Answers a GET or HEAD of `path`: the part of the request's URL before `?`. */
export async function serveFile(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  options: StaticOptions,
): Promise<void> {
  const found = await find(path, options.folder);
  if (found === undefined) {
    response.writeHead(404, { "content-type": "text/plain; charset=utf-8" });
    response.end("not found\n");
    return;
  }
  const { file, name, stats } = found;
  const etag = `W/"${stats.size.toString(36)}-${stats.mtimeMs.toString(36)}"`;
  const type = TYPES[extname(name)] ?? "application/octet-stream";
  const headers: OutgoingHttpHeaders = {
    "content-type": type,
    "content-length": stats.size,
    "last-modified": stats.mtime.toUTCString(),
    etag,
    "cache-control": HASHED.test(name) ? "public, max-age=31536000, immutable" : "no-cache",
    // The script tag, its modules and workers, and the demo components may be used by pages of other origins.
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
    ...(type.startsWith("text/html") ? { "content-security-policy": DOCUMENT_POLICY } : {}),
    ...(GUEST_WORKER.test(name) ? { "content-security-policy": GUEST_POLICY } : {}),
    // The service worker lies in a folder and answers for the whole site.
    ...(request.headers["service-worker"] === "script" ? { "service-worker-allowed": "/" } : {}),
  };
  if (request.headers["if-none-match"]?.includes(etag) === true) {
    delete headers["content-length"];
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(200, headers);
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  await pipeline(createReadStream(file), response);
}

interface Found {
  readonly file: string;
  /** Path below the folder, with `/`. */
  readonly name: string;
  readonly stats: Stats;
}

/** `undefined` for what is not a plain file below `folder`: other folders, hidden files, broken escapes. */
async function find(path: string, folder: string): Promise<Found | undefined> {
  const segments = decode(path)?.split("/").slice(1);
  if (segments === undefined) return undefined;
  if (segments.at(-1) === "") segments.splice(-1, 1, "index.html");
  // oxlint-disable-next-line no-control-regex -- NUL ends file names below JavaScript
  if (segments.some((part) => part === "" || part.startsWith(".") || /[\\\0]/.test(part))) {
    return undefined;
  }
  const file = join(folder, ...segments);
  if (!file.startsWith(folder.endsWith(sep) ? folder : folder + sep)) return undefined;
  try {
    const stats = await stat(file);
    return stats.isFile() ? { file, name: segments.join("/"), stats } : undefined;
  } catch {
    // Absent, unreadable, or a file in place of a folder: none of them is served.
    return undefined;
  }
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    // Malformed escapes name nothing.
    return undefined;
  }
}
