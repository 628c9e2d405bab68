/** A nats-server configuration as text: for one node, with the least that it needs, and a reason beside what is not obvious. */
import type { Permissions } from "./permissions.ts";

export type User =
  | { readonly nkey: string }
  /** The password comes from the environment of the server, by the name `INLAY_TAB_PASSWORD`. */
  | { readonly name: string };

export interface ServerText {
  readonly user: User;
  readonly permissions: Permissions;
  /** Those that have to be there before the node comes. */
  readonly buckets: readonly string[];
  /** Where pages come from; empty: from the server's own address, behind one proxy with it. */
  readonly origins: readonly string[];
  /** PEM files of the WebSocket listener; absent where something in front speaks TLS. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  readonly websocketPort: number;
}

/** One entry of `users`. */
export function userText({ user, permissions }: Pick<ServerText, "user" | "permissions">): string {
  const who =
    "nkey" in user
      ? `nkey: ${user.nkey}`
      : `user: ${quote(user.name)}, password: $INLAY_TAB_PASSWORD`;
  return `{
  ${who}
  allowed_connection_types: [ "WEBSOCKET" ]
  permissions: {
    publish: { allow: ${listText(permissions.publish, 4)} }
    subscribe: { allow: ${listText(permissions.subscribe, 4)} }
  }
}`;
}

export function serverText(server: ServerText): string {
  const { buckets, origins, tls, websocketPort } = server;
  return `# Native hosts and tools; keep it off the public side.
listen: "127.0.0.1:4222"
jetstream { store_dir: "data/jetstream" }
${bucketText(buckets)}
# A frozen tab answers no pings: with these it is out of its queue groups in half a minute.
ping_interval: "10s"
ping_max: 2
write_deadline: "10s"

websocket {
  ${tls === undefined ? "# Something in front of it speaks TLS: browsers give pages from plain http nothing that a node needs.\n  " : ""}listen: "${tls === undefined ? "127.0.0.1" : "0.0.0.0"}:${websocketPort}"
  ${tls === undefined ? "no_tls: true" : `tls { cert_file: ${quote(tls.certFile)}, key_file: ${quote(tls.keyFile)} }`}
  # Keeps the pages of others from using it. It is no proof of who connects: programs send any origin.
  ${origins.length === 0 ? "same_origin: true" : `allowed_origins: ${listText(origins, 2)}`}
  handshake_timeout: "3s"
  compression: false
}

authorization {
  users: [
    # The tab. No consumers: whoever may create one can make the server publish anywhere.
${indent(userText(server), 4)}
    # Native hosts, wadm, wash: everything, and not from where pages come. Replace the password, or use an nkey.
    {
      user: "lattice", password: $INLAY_LATTICE_PASSWORD
      allowed_connection_types: [ "STANDARD", "LEAFNODE" ]
    }
  ]
}
`;
}

/** The tab must not make streams: whoever may can make the server publish anywhere, by what it lets the stream republish. */
function bucketText(buckets: readonly string[]): string {
  if (buckets.length === 0) return "";
  const commands = buckets.map((bucket) => `#   nats kv add ${bucket} --history 1`);
  return `# Buckets that a tab does not make. A native host makes those of links and configuration; else by hand, as user "lattice":
${commands.join("\n")}
`;
}

function listText(subjects: readonly string[], spaces: number): string {
  const inner = subjects.map((each) => `${" ".repeat(spaces + 2)}${quote(each)}`).join("\n");
  return `[\n${inner}\n${" ".repeat(spaces)}]`;
}

/** nats-server's configuration language reads the escapes of JSON in double quotes; `$` is no variable there. */
const quote = (text: string): string => JSON.stringify(text);

function indent(text: string, spaces: number): string {
  return text
    .split("\n")
    .map((line) => `${" ".repeat(spaces)}${line}`)
    .join("\n");
}
