/**
 * Requests to one registry for one image: tried again when it is busy, with the authorization it asks for, and with
 * errors that say what to do.
 *
 * Blobs often lie elsewhere and are reached by a redirect, on which `Authorization` must stay behind. Pages cannot see
 * redirects, so that this is left to fetch, which drops the header when the origin changes (Fetch standard,
 * "HTTP-redirect fetch"); `test/e2e/oci.spec.ts` holds browsers to it.
 */
import type { Clock } from "../core/clock.ts";
import type { RegistryCredentials } from "../core/registry.ts";
import type { ImageProxy } from "./image-proxy.ts";
import type { OciReference } from "./oci-reference.ts";

import { LatticeError } from "../core/error.ts";
import { respondThrough } from "./image-proxy.ts";
import { readBody, respond } from "./images.ts";
import { basic, bearer, parseChallenge, readToken, tokenAddress } from "./oci-authorization.ts";
import { isLoopback } from "./oci-reference.ts";
import { patiently, retryAfterMs } from "./patience.ts";

export interface RegistryOptions {
  readonly clock: Clock;
  /** What this registry is to be shown; absent for none. */
  readonly credentials: RegistryCredentials | undefined;
  /** Through whom it is asked; absent: directly. */
  readonly proxy: ImageProxy | undefined;
  readonly signal: AbortSignal;
}

export interface Registry {
  /** The answer to `GET /v2/<repository>/<path>`, whose status says success. */
  get(path: string, accept?: string): Promise<Response>;
}

const MAX_TOKEN_BYTES = 256 * 1024;
export function openRegistry(reference: OciReference, options: RegistryOptions): Registry {
  const { registry, origin, repository } = reference;
  const { signal } = options;
  // A reference comes from the lattice: it must not be able to say that credentials go over the wire in clear.
  const mayShow = mayCarrySecrets(origin) && options.proxy?.mayCarrySecrets !== false;
  const secret = mayShow ? options.credentials : undefined;
  let authorization =
    secret !== undefined && "token" in secret
      ? bearer(`the list of credentials for ${registry}`, secret.token)
      : undefined;

  const authorize = async (refused: Response): Promise<string | undefined> => {
    const header = refused.headers.get("www-authenticate");
    const challenge = header === null ? undefined : parseChallenge(header);
    if (secret !== undefined && "token" in secret) return undefined;
    const shown = secret === undefined ? undefined : basic(secret);
    // Pages see the header only if the registry exposes it; without it, what they have is worth a try.
    if (challenge?.scheme !== "bearer") return shown;
    const address = tokenAddress(reference, challenge, shown !== undefined);
    const service = `the token service ${new URL(address).host} of ${registry}`;
    const response = await send(address, headersOf(shown), service, options);
    if (!response.ok) throw refusal(reference, response, service, options);
    const body = await readBody(service, response, { signal, maxBytes: MAX_TOKEN_BYTES });
    return bearer(service, readToken(service, body));
  };

  return {
    async get(path, accept) {
      const address = `${origin}/v2/${repository}/${path}`;
      const who = `the registry ${registry}`;
      const attempt = (): Promise<Response> =>
        send(address, headersOf(authorization, accept), who, options);
      let response = await attempt();
      if (response.status === 401) {
        const granted = await authorize(response);
        if (granted !== undefined) {
          await response.body?.cancel();
          authorization = granted;
          response = await attempt();
        }
      }
      if (!response.ok) throw refusal(reference, response, who, options);
      return response;
    },
  };
}

function mayCarrySecrets(origin: string): boolean {
  const { protocol, host } = new URL(origin);
  return protocol === "https:" || isLoopback(host);
}

function headersOf(authorization: string | undefined, accept?: string): HeadersInit {
  return {
    ...(accept === undefined ? {} : { accept }),
    ...(authorization === undefined ? {} : { authorization }),
  };
}

function send(
  address: string,
  headers: HeadersInit,
  who: string,
  { clock, proxy, signal }: RegistryOptions,
): Promise<Response> {
  const lost = `${who} could not be asked: it is not reachable, or does not allow this page's origin (CORS), as most OCI registries do not; an image proxy, the lattice (npm run push), or a file at an https address pinned by #sha256= can take its place`;
  // What was given to credentials is kept in no cache of the browser.
  const init = { headers, signal, cache: "no-store" } as const;
  const ask = (): Promise<Response> =>
    proxy === undefined ? respond(address, init, lost) : respondThrough(proxy, address, init, lost);
  return patiently(ask, { clock, signal });
}

function refusal(
  { name, registry, origin }: OciReference,
  response: Response,
  who: string,
  { clock, credentials, proxy }: RegistryOptions,
): LatticeError {
  const status = `${response.status} ${response.statusText}`.trimEnd();
  switch (response.status) {
    case 401:
      return new LatticeError("denied", `${who} does not give ${name} (${status}): ${lacking()}`);
    case 403:
      return new LatticeError(
        "denied",
        `${who} forbids ${name} to this host (${status}): ${shown()}`,
      );
    case 404:
      return new LatticeError(
        "image-unavailable",
        `${name} is not in its OCI registry (${status})`,
      );
    case 429: {
      const ms = retryAfterMs(response, clock.now());
      const wait = ms === undefined ? "" : `, and asks to wait ${Math.ceil(ms / 1_000)} s`;
      return new LatticeError(
        "image-unavailable",
        `${who} has had too many requests for ${name} (${status})${wait}`,
      );
    }
    default:
      return new LatticeError("image-unavailable", `${who} answered ${status} for ${name}`);
  }

  function lacking(): string {
    if (credentials === undefined)
      return `it wants credentials, and there are none for ${registry}`;
    if (proxy?.mayCarrySecrets === false) {
      return `it wants credentials, and those for ${registry} are not shown to an image proxy by http`;
    }
    if (mayCarrySecrets(origin)) return `it does not take the credentials for ${registry}`;
    return `it wants credentials, and those for ${registry} are sent by https only`;
  }

  function shown(): string {
    return credentials === undefined
      ? "without credentials"
      : `with the credentials for ${registry}`;
  }
}
