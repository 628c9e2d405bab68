/**
 * `/~/{component}/…` of the gateway: HTTP for components of the lattice, by their names.
 *
 * A component is no part of the page, although its addresses are of the page's origin: see `http-apart.ts` for what
 * is kept apart, and {@link judgeRequest} for who may ask.
 */
import type { IncomingMessage, ServerResponse } from "node:http";

import { type EntityId, entityId, type LatticeId } from "../core/ids.ts";
import { rulesApart } from "./http-apart.ts";
import { createHttpExchange, type Refusal, refuse } from "./http-exchange.ts";
import type { Site } from "./site.ts";

export interface HttpRouteOptions {
  /** The server to reach the lattice by. */
  readonly server: URL;
  readonly lattice: LatticeId;
  readonly site: Site;
  /** Milliseconds without anything moving, either way, until a request is given up. Default a minute. */
  readonly idleMs?: number;
}

export interface HttpRoute extends AsyncDisposable {
  /** Answers a request whose path begins with {@link ROUTE}. */
  respond(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

export const ROUTE = "/~/";

export function createHttpRoute({ site, ...options }: HttpRouteOptions): HttpRoute {
  const exchange = createHttpExchange({ ...options, name: "inlay gateway, http" });
  const scheme = site.page.startsWith("https:") ? "HTTPS" : "HTTP";
  return {
    async respond(request, response) {
      const { url = "", headers, socket } = request;
      const target = targetOf(url);
      const rules = rulesApart(target?.prefix ?? ROUTE, socket.remoteAddress ?? "unknown");
      const refusal = judgeRequest(request, site);
      if (refusal !== undefined) return refuse(response, refusal, rules);
      if (target === undefined) {
        return refuse(response, [404, "this is no address of a component"], rules);
      }
      const path = url.slice(target.prefix.length);
      await exchange.pass(request, response, {
        targets: [target.id],
        absent: () => [503, `nobody serves HTTP as ${target.id}`],
        scheme,
        authority: headers.host ?? "",
        path: path.startsWith("/") ? path : `/${path}`,
        rules,
      });
    },
    [Symbol.asyncDispose]: () => exchange[Symbol.asyncDispose](),
  };
}

/**
 * Why a request is refused; `undefined` lets it in. `Host` must name this gateway, or a site elsewhere could give its
 * own name to this address. A page of another site may not change anything: it can always make a browser ask, so what it
 * reads is up to the component's own rules. Nothing of a component may become a script or a worker of the page.
 */
function judgeRequest(
  { headers, method = "GET" }: IncomingMessage,
  site: Site,
): Refusal | undefined {
  const { origin, host } = headers;
  if (!site.isOwnHost(host)) return [421, "this gateway has another name"];
  const safe = method === "GET" || method === "HEAD" || method === "OPTIONS";
  if (!safe && origin !== undefined && !site.isOwnOrigin(origin)) {
    return [403, "pages of other sites may only read here"];
  }
  const from = headers["sec-fetch-site"];
  const use = headers["sec-fetch-dest"] ?? "";
  if (from === "same-origin" && CODE.has(use)) {
    return [403, "what a component serves is no code of this page"];
  }
  return undefined;
}

/** `Sec-Fetch-Dest` of what would run with the page's own powers. */
const CODE: ReadonlySet<string> = new Set([
  "audioworklet",
  "embed",
  "object",
  "paintworklet",
  "script",
  "serviceworker",
  "sharedworker",
  "worker",
  "xslt",
]);

interface Target {
  readonly id: EntityId;
  /** What its paths begin with, without the last slash. */
  readonly prefix: string;
}

function targetOf(url: string): Target | undefined {
  const [, segment] = /^\/~\/([^/?#]+)/.exec(url) ?? [];
  if (segment === undefined) return undefined;
  try {
    return { id: entityId(decodeURIComponent(segment)), prefix: `${ROUTE}${segment}` };
  } catch {
    return undefined; // no name that a component could have
  }
}
