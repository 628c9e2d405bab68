/** The options of a node that can cross into the host worker. `join` adds what only a page has. */
import type { Bridge } from "./node-state.ts";
import type { Limits } from "./workload.ts";

export interface NodeOptions {
  /**
   * WebSocket addresses (`ws://`, `wss://`); tried in turn, for ever. Or `solo:` alone: the lattice that the tabs of this
   * origin make by themselves, without a server.
   */
  readonly servers: readonly string[];
  /** Default `default`. */
  readonly lattice?: string;
  /** The friendly name that other members see; default: made up. */
  readonly name?: string;
  /** Added to the labels that tell the browser. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Protocol generations to speak; default `["v1"]`. `v0` is that of wasmCloud 0.82, whose calls are signed. */
  readonly dialects?: readonly ("v0" | "v1" | "v2")[];
  /** Of `v0`: public keys (`C…`) of the clusters whose calls are taken, besides this node's own. */
  readonly clusterIssuers?: readonly string[];
  /** Of `v0`: start actors and components that nobody has signed; default false. */
  readonly allowUnsigned?: boolean;
  /** Of `v0`: hold calls to more than hosts of 0.82 do, so that an overheard one is of no use; default true. */
  readonly strict?: boolean;
  /**
   * Of `v0`: look at all calls of the lattice, where the credentials let this node, and tell of forged ones in
   * `view.alarms`; default false. Needs `clusterIssuers` or a seed.
   */
  readonly watch?: boolean;
  /** Of `v2`: as what this node shows itself to its operator. */
  readonly operator?: OperatorOptions;
  /** JetStream domain, for tabs on a leaf node. */
  readonly jsDomain?: string;
  /**
   * Answer, together with other tabs, what any one host does for the whole lattice (commands about links, configuration
   * and claims) while no native host is there and the page is shown; default true.
   */
  readonly shareWork?: boolean;
  /**
   * Call components that run in this node without the lattice, while they have room; default true. False: the lattice
   * shares such calls out evenly, as all others.
   */
  readonly shortCircuit?: boolean;
  /** Ask the lattice's configuration service for credentials of registries before joining; default false. */
  readonly configService?: boolean;
  readonly images?: ImageOptions;
  readonly limits?: Partial<Limits>;
  /** Default `auto`: the best that the browser has. */
  readonly bridge?: Bridge | "auto";
}

export interface OperatorOptions {
  /** Letters, digits, `-` and `_`; default: made of the host's nkey, so that it stays over reloads. */
  readonly id?: string;
  /** The label `hostgroup`, by which workloads choose hosts; default `browser`. */
  readonly hostGroup?: string;
  /** Told to the operator where it is given: those before 2.1 refuse hosts that tell one. */
  readonly environment?: string;
  /** Where HTTP for this node's workloads is to be sent to: a gateway's name or address; default: a name that leads nowhere. */
  readonly hostname?: string;
  /** The port there. */
  readonly httpPort?: number;
}

export interface ImageOptions {
  /** Largest component that is taken, in bytes; default 64 MiB. */
  readonly maxBytes?: number;
  /** Keep fetched and prepared components in the Cache API; default true. */
  readonly cache?: boolean;
  /** Take images of OCI registries by the tag `latest`, or by none; default false. */
  readonly allowLatest?: boolean;
  /**
   * Address of an image proxy, for registries that pages may not read: that of `npm start -- --images HOST` is
   * `/-/images/` on its port. It sees what registries are shown. Registries that it does not ask are asked directly.
   */
  readonly proxy?: string;
  /**
   * What the lattice's own store of images is for: to `read` what has a digest and cannot be fetched, to `share` with the others
   * what this node has fetched, or nothing (`off`). Sharing includes reading. Default `read`.
   */
  readonly lattice?: "read" | "share" | "off";
}
