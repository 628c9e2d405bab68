/** The Rust provider as its host starts it: with its data on standard input, ended by the host's message. */
import type { NativePeer } from "../../support/native-peer.ts";
import type { PeerProcess } from "./peer-process.ts";

import { startPeer } from "./peer-process.ts";
import { rustPeer } from "./places.ts";

/** A link as hosts hand it to providers. */
export interface ProviderLink {
  readonly source_id: string;
  readonly target: string;
  readonly name: string;
  readonly wit_namespace: string;
  readonly wit_package: string;
  readonly interfaces: readonly string[];
  readonly source_config: Readonly<Record<string, string>>;
  readonly target_config: Readonly<Record<string, string>>;
}

/** Between two members, for the greeter. */
export function greeterLink(source: string, target: string): ProviderLink {
  return {
    source_id: source,
    target,
    name: "default",
    wit_namespace: "inlay",
    wit_package: "demo",
    interfaces: ["greeter"],
    source_config: {},
    target_config: {},
  };
}

export interface ProviderOptions {
  /** Default: `default`. */
  readonly lattice?: string;
  /** A program of Rust and its arguments; default: the peer that greets and relays. */
  readonly program?: readonly [name: string, ...args: string[]];
}

/** Starts the provider `id`; resolves when it serves. */
export async function startProvider(
  peer: NativePeer,
  nats: string,
  id: string,
  links: readonly ProviderLink[],
  { lattice = "default", program = ["provider-peer"] }: ProviderOptions = {},
): Promise<PeerProcess> {
  const host = "NDAVDY4SZJJNK47ULOO6QSXU4WQX64A7YUTXEH2YMTRO4VVIAXG222UV";
  // Without the keys for secrets it listens to links under its id, as those of other hosts' components come.
  const data = {
    host_id: host,
    lattice_rpc_prefix: lattice,
    link_name: "default",
    lattice_rpc_user_jwt: "",
    lattice_rpc_user_seed: "",
    lattice_rpc_url: nats,
    provider_key: id,
    env_values: {},
    instance_id: crypto.randomUUID(),
    link_definitions: links,
    cluster_issuers: [],
    config: { greeting: "hello" },
    secrets: {},
    default_rpc_timeout_ms: 2000,
    structured_logging: false,
    log_level: "info",
    otel_config: {
      enable_observability: false,
      protocol: "Http",
      additional_ca_paths: [],
      trace_level: "info",
    },
  };
  const [name, ...args] = program;
  const process = startPeer(rustPeer(name), args);
  process.send(Buffer.from(JSON.stringify(data)).toString("base64"));
  await process.next(({ ready }) => ready === true);
  return {
    ...process,
    async [Symbol.asyncDispose]() {
      // An answer is all that the SDK promises; a provider that hangs is ended by its process.
      await peer
        .ask(`wasmbus.rpc.${lattice}.${id}.default.shutdown`, { host_id: host })
        .catch(() => undefined);
      await process[Symbol.asyncDispose]();
    },
  };
}
