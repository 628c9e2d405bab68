/**
 * Requests of the image proxy to registries, their token services and wherever they redirect to. A registry decides where its
 * redirects lead, so that they reach nothing that only this machine can reach, unless the registry is such a thing itself.
 */
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { isIP } from "node:net";

import { messageOf } from "../core/error.ts";
import { isLoopback } from "./arguments.ts";
import { isPublic, PrivateAddress, publicLookup } from "./public-address.ts";

export interface UpstreamRequest {
  readonly url: URL;
  readonly method: "GET" | "HEAD";
  readonly headers: Readonly<Record<string, string>>;
  /** Whether it may lead to addresses that are not everybody's: an allow-listed registry itself, whatever it is. */
  readonly mayBePrivate: boolean;
  /** The same for redirects; by default what the first answer comes from says. */
  readonly redirectsMayBePrivate?: boolean;
  readonly signal: AbortSignal;
}

export interface UpstreamAnswer {
  readonly message: IncomingMessage;
  /** Whether the first answer, before any redirect, came from an address that is not everybody's. */
  readonly private: boolean;
}

export interface Upstream extends Disposable {
  /** The answer behind all redirects. @throws {UpstreamError} */
  ask(request: UpstreamRequest): Promise<UpstreamAnswer>;
}

/** Why there is no answer to pass on; `status` is what the page is told. */
export class UpstreamError extends Error {
  readonly status: number;

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

const MAX_REDIRECTS = 5;
const SILENCE_MS = 30_000;
const REDIRECTS: readonly (number | undefined)[] = [301, 302, 303, 307, 308];

export function createUpstream(): Upstream {
  // Connections are kept for the next request; those that may be private are not lent to the others.
  const agents = [false, true].map((mayBePrivate) => {
    const options = {
      keepAlive: true,
      timeout: SILENCE_MS,
      ...(mayBePrivate ? {} : { lookup: publicLookup }),
    };
    return { mayBePrivate, http: new HttpAgent(options), https: new HttpsAgent(options) };
  });

  const once = (
    request: UpstreamRequest,
    url: URL,
    mayBePrivate: boolean,
  ): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const { method, headers, signal } = request;
      const literal = url.hostname.replace(/^\[|\]$/g, "");
      if (!mayBePrivate && isIP(literal) !== 0 && !isPublic(literal)) {
        reject(new UpstreamError(403, `${url.host} is a private address`));
        return;
      }
      const pool = agents.find((each) => each.mayBePrivate === mayBePrivate);
      const secure = url.protocol === "https:";
      const agent = secure ? pool?.https : pool?.http;
      const send = secure ? requestHttps : requestHttp;
      const sent = send(url, {
        method,
        headers,
        signal,
        ...(agent === undefined ? {} : { agent }),
      });
      sent.setTimeout(SILENCE_MS, () =>
        sent.destroy(new UpstreamError(504, `${url.host} did not answer in time`)),
      );
      sent.once("response", resolve);
      sent.once("error", (error) => {
        const known = error instanceof UpstreamError || signal.aborted;
        const status = error instanceof PrivateAddress ? 403 : 502;
        reject(known ? error : new UpstreamError(status, `${url.host}: ${messageOf(error)}`));
      });
      sent.end();
    });

  return {
    async ask(request) {
      let { url, mayBePrivate } = request;
      let headers = request.headers;
      let from: boolean | undefined;
      for (let redirects = 0; ; redirects++) {
        // oxlint-disable-next-line no-await-in-loop -- each answer says where the next one is
        const message = await once({ ...request, headers }, url, mayBePrivate);
        from ??= isPrivate(message.socket.remoteAddress);
        const { statusCode } = message;
        const { location } = message.headers;
        if (!REDIRECTS.includes(statusCode) || location === undefined) {
          return { message, private: from };
        }
        message.resume(); // lets go of its body, and of the connection
        if (redirects === MAX_REDIRECTS) {
          throw new UpstreamError(
            508,
            `${request.url.host} redirects more than ${MAX_REDIRECTS} times`,
          );
        }
        mayBePrivate = request.redirectsMayBePrivate ?? from;
        const next = targetOf(location, url, mayBePrivate);
        if (next.origin !== url.origin) headers = without(headers, "authorization");
        url = next;
      }
    },
    [Symbol.dispose]() {
      for (const { http, https } of agents) {
        http.destroy();
        https.destroy();
      }
    },
  };
}

/** An address that is not known, of a connection that is gone, gives no right to anything. */
function isPrivate(address: string | undefined): boolean {
  return address !== undefined && !isPublic(address);
}

function targetOf(location: string, from: URL, mayBePrivate: boolean): URL {
  const url = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (url === undefined || url.username !== "" || url.password !== "") {
    throw new UpstreamError(502, `${from.host} redirects to no usable address`);
  }
  if (!isSecure(url, mayBePrivate)) {
    throw new UpstreamError(502, `${from.host} redirects to ${url.origin}, which is not https`);
  }
  return url;
}

/** https, or http on this machine where that may be reached at all. */
export function isSecure({ protocol, hostname }: URL, mayBePrivate: boolean): boolean {
  if (protocol === "https:") return true;
  return protocol === "http:" && mayBePrivate && isLoopback(hostname.replace(/^\[|\]$/g, ""));
}

function without(
  headers: Readonly<Record<string, string>>,
  name: string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));
}
