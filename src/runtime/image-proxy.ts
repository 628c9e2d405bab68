/**
 * Registries through somebody who may read them: the image proxy of `npm start` (`src/cli/image-proxy.ts`). It is asked at its own
 * address followed by scheme, host and path of the registry's, and says in a header what the answer is.
 */
import { LatticeError, messageOf } from "../core/error.ts";
import { readBody, respond, Unreachable } from "./images.ts";
import { isLoopback } from "./oci-reference.ts";

export interface ImageProxy {
  /** Ends in `/`. */
  readonly base: string;
  /** Whether it may be shown what registries want to see. */
  readonly mayCarrySecrets: boolean;
}

/** @throws {LatticeError} `bad-input` for what is no address of a proxy. */
export function readImageProxy(text: string): ImageProxy {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const usable =
    url !== undefined &&
    /^https?:$/.test(url.protocol) &&
    url.username === "" &&
    url.search === "" &&
    url.hash === "";
  if (!usable) {
    throw new LatticeError(
      "bad-input",
      `images.proxy "${text}" must be an address by https or http without query and fragment`,
    );
  }
  const { protocol, host, href } = url;
  return {
    base: href.endsWith("/") ? href : `${href}/`,
    mayCarrySecrets: protocol === "https:" || isLoopback(host),
  };
}

const VERDICT = "inlay-images";
const MAX_REASON_BYTES = 4 * 1024;

/**
 * The answer of `address` by way of `proxy`; asked directly if the proxy is not there, or does not ask that registry.
 *
 * @throws {LatticeError} {@link Unreachable} with the message `lost` if there is no answer that may be read.
 */
export async function respondThrough(
  proxy: ImageProxy,
  address: string,
  init: RequestInit & { readonly signal: AbortSignal },
  lost: string,
): Promise<Response> {
  const { protocol, host, pathname, search } = new URL(address);
  const proxied = `${proxy.base}${protocol.slice(0, -1)}/${host}${pathname}${search}`;
  const where = `the image proxy ${proxy.base}`;
  let response: Response;
  try {
    response = await respond(proxied, init, `${where} is not reachable`);
  } catch (thrown) {
    init.signal.throwIfAborted();
    return respond(address, init, `${lost}; and ${messageOf(thrown)}`);
  }
  const verdict = response.headers.get(VERDICT);
  if (verdict === "passed") return response;
  if (verdict === "failed") {
    const about = { signal: init.signal, maxBytes: MAX_REASON_BYTES };
    const why = new TextDecoder().decode(await readBody(where, response, about)).trim();
    throw new Unreachable("image-unavailable", `${where} has no answer of ${host}: ${why}`);
  }
  await response.body?.cancel();
  const why = verdict === "refused" ? "does not ask it" : "is none: it says nothing of images";
  return respond(address, init, `${lost}; and ${where} ${why}`);
}
