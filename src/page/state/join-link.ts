/** Links that ask a page to join a lattice, as data: what is shared in, an address out. Inverse of `settings.ts` and `credentials.ts`. */
import type { BrowserKey, Credentials } from "../../core/credentials.ts";
import type { NodeOptions } from "../../core/node-options.ts";

/** What a link tells another tab. Never this tab's name, nor anything secret. */
export type Invitation = Pick<
  NodeOptions,
  "servers" | "lattice" | "labels" | "dialects" | "clusterIssuers" | "jsDomain"
>;

/** What can be handed over: a browser's key cannot. */
export type Handed = Exclude<Credentials, { readonly key: BrowserKey }>;

/**
 * The address of `page` with the invitation in its query. A credential stands in the fragment, which browsers send to
 * nobody.
 */
export function joinLink(page: string, invitation: Invitation, credential?: Handed): string {
  const url = new URL(page);
  const query = new URLSearchParams();
  for (const server of invitation.servers) query.append("servers", withoutQuery(server));
  if (invitation.lattice !== undefined) query.append("lattice", invitation.lattice);
  for (const [key, value] of Object.entries(invitation.labels ?? {})) {
    query.append("label", `${key}=${value}`);
  }
  if (invitation.jsDomain !== undefined) query.append("js-domain", invitation.jsDomain);
  for (const dialect of invitation.dialects ?? []) query.append("dialects", dialect);
  for (const issuer of invitation.clusterIssuers ?? []) query.append("issuer", issuer);
  // `:`, `/` and `=` may stand in a query as they are, and people read these links.
  url.search = query
    .toString()
    .replaceAll(/%3A|%2F|%3D/g, (escaped) => decodeURIComponent(escaped));
  url.hash = credential === undefined ? "" : fragmentOf(credential).toString();
  return url.href;
}

/** Addresses may carry a token in their query, which would then be in two queries. */
function withoutQuery(server: string): string {
  return server.replace(/[?#].*$/s, "");
}

function fragmentOf(credential: Handed): URLSearchParams {
  if ("token" in credential) return new URLSearchParams({ token: credential.token });
  if ("user" in credential) {
    return new URLSearchParams({ user: credential.user, pass: credential.pass });
  }
  if ("nkeySeed" in credential) return new URLSearchParams({ "nkey-seed": credential.nkeySeed });
  return new URLSearchParams({ creds: toBase64Url(credential.creds) });
}

function toBase64Url(text: string): string {
  const binary = Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte));
  return btoa(binary.join("")).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
