/** A provider of 0.82 as its host starts it: with its data on standard input, ended by the host's message. */
import type { NativePeer } from "../../support/native-peer.ts";
import type { Nkey, PeerEntity } from "../../support/wasmbus-peer.ts";
import type { RunCommand } from "./commands.ts";
import type { PeerProcess } from "./peer-process.ts";

import { nkey } from "../../support/wasmbus-peer.ts";
import { commandsOf } from "./commands.ts";
import { startPeer } from "./peer-process.ts";
import { wasmbusPeer } from "./places.ts";

/** As it is put, kept and handed to providers. */
export interface LinkDefinition {
  readonly actor_id: string;
  readonly provider_id: string;
  readonly link_name: string;
  readonly contract_id: string;
  readonly values: Readonly<Record<string, string>>;
}

export interface WasmbusProviderOptions {
  /** Which of the peers. */
  readonly program: string;
  /** `nats://…` */
  readonly nats: string;
  readonly lattice: string;
  readonly entity: PeerEntity;
  /** It signs by this one's seed, and trusts it alone. */
  readonly cluster: Nkey;
  readonly links?: readonly LinkDefinition[];
}

export interface WasmbusProvider extends AsyncDisposable {
  readonly entity: PeerEntity;
  readonly process: PeerProcess;
  readonly run: RunCommand;
  /** Its link with `actor`. */
  link(actor: string, values?: Readonly<Record<string, string>>): LinkDefinition;
  /** The host's message, answered by a text; `host`: another one than its own. */
  shutdown(host?: string): Promise<string>;
}

/** Starts it; resolves when it has subscribed. */
export async function startWasmbusProvider(
  { nats: bus }: NativePeer,
  options: WasmbusProviderOptions,
): Promise<WasmbusProvider> {
  const { program, nats, lattice, entity, cluster, links = [] } = options;
  const { public_key, link_name, contract_id } = entity;
  const host = nkey("N").public;
  // `crates/core/src/host_data.rs` and `crates/host/src/wasmbus/mod.rs` @ wasmCloud v0.82.0.
  const data = {
    host_id: host,
    lattice_rpc_prefix: lattice,
    link_name,
    lattice_rpc_user_jwt: "",
    lattice_rpc_user_seed: "",
    lattice_rpc_url: nats,
    provider_key: public_key,
    invocation_seed: cluster.seed,
    env_values: {},
    instance_id: crypto.randomUUID(),
    link_definitions: links,
    cluster_issuers: [cluster.public],
    config_json: '{"greeting":"hello"}',
    // Of a host with `--rpc-timeout-ms`: the machine may be busy.
    default_rpc_timeout_ms: 20_000,
    structured_logging: false,
    otel_config: { traces_exporter: null, exporter_otlp_endpoint: null },
  };
  const process = startPeer(wasmbusPeer(program), []);
  process.send(`${Buffer.from(JSON.stringify(data)).toString("base64")}\r`);
  await process.next(({ ready }) => ready === true);
  const shutdown = async (host_id = host): Promise<string> => {
    const subject = `wasmbus.rpc.${lattice}.${public_key}.${link_name}.shutdown`;
    const timeout = host_id === host ? 10_000 : 500;
    const reply = await bus.request(subject, JSON.stringify({ host_id }), { timeout });
    return reply.string();
  };
  return {
    entity,
    process,
    run: commandsOf(process),
    link: (actor_id, values = {}) => ({
      actor_id,
      provider_id: public_key,
      link_name,
      contract_id,
      values,
    }),
    shutdown,
    async [Symbol.asyncDispose]() {
      await shutdown().catch(() => undefined); // it may have ended
      await process[Symbol.asyncDispose]();
    },
  };
}
