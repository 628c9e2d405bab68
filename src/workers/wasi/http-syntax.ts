/** What names, values, methods and parts of addresses may consist of in HTTP (RFC 9110, RFC 3986). */

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const SCHEME = /^[A-Za-z][A-Za-z0-9+\-.]*$/;
/** Starts with a slash, or is the asterisk of OPTIONS; a fragment or a space never gets there. */
const PATH_WITH_QUERY = /^(?:[/?][!"$-~\u0080-\u{10ffff}]*|\*)$/u;
const AUTHORITY =
  /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:%]*@)?(?:\[[0-9A-Fa-f:.%A-Za-z]+\]|[A-Za-z0-9\-._~!$&'()*+,;=%]+)(?::[0-9]{0,5})?$/;

/** The name of a field, or a method. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

export function isScheme(text: string): boolean {
  return SCHEME.test(text);
}

export function isPathWithQuery(text: string): boolean {
  return text === "" || PATH_WITH_QUERY.test(text);
}

export function isAuthority(text: string): boolean {
  if (!AUTHORITY.test(text)) return false;
  const port = /:(\d+)$/.exec(text)?.[1];
  return port === undefined || Number(port) <= 0xffff;
}

/** Any bytes but control characters, of which the tab is allowed. */
export function isFieldValue(bytes: Uint8Array): boolean {
  return bytes.every((byte) => (byte >= 0x20 && byte !== 0x7f) || byte === 0x09);
}

/**
 * What belongs to a connection and not to a message, and so is neither shown to guests nor taken from them. The list of
 * wasmtime (`DEFAULT_FORBIDDEN_HEADERS` of `crates/wasi-http`).
 */
const FORBIDDEN: ReadonlySet<string> = new Set([
  "connection",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

export function isForbidden(name: string): boolean {
  return FORBIDDEN.has(name.toLowerCase());
}
