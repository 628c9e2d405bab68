/**
 * Everything a control plane, the page or the library can tell a host to do, as one table of types:
 * a handler and a route are checked against the same line.
 */
import type { SignedClaims } from "./claims.ts";
import type { Claims, Values } from "./facts.ts";
import type { Digest, EntityId, HostId, LatticeId } from "./ids.ts";
import type { Link, LinkKey } from "./link.ts";
import type { InterfacePackage } from "./offer.ts";
import type { RegistryCredentials } from "./registry.ts";
import type { View } from "./view.ts";
import type { Limits } from "./workload.ts";
import type { WorkloadSetSpec, WorkloadSetStatus } from "./workload-set.ts";

export type Labels = ReadonlyMap<string, string>;
export type Annotations = ReadonlyMap<string, string>;

export interface HostDescription {
  readonly id: HostId;
  readonly friendlyName: string;
  readonly lattice: LatticeId;
  readonly labels: Labels;
  readonly uptimeSeconds: number;
  /** Semver of this program. */
  readonly version: string;
  /** Addresses of the two buses' servers, without credentials. */
  readonly controlServer: string | undefined;
  readonly rpcServer: string | undefined;
  /** JetStream domain, if one was given. */
  readonly jsDomain: string | undefined;
}

export interface WorkloadDescription {
  readonly id: EntityId;
  readonly image: string;
  readonly maxInstances: number;
  readonly annotations: Annotations;
  /** Limits that were asked for; absent where none were. */
  readonly limits: Partial<Limits> | undefined;
  /** Of the component, if it is signed. */
  readonly claims?: SignedClaims | undefined;
}

export interface ProviderDescription {
  readonly id: EntityId;
  /** Reference as given. */
  readonly image: string;
  readonly annotations: Annotations;
  /** The link name that it serves, where its generation has one for each provider (0.82). */
  readonly linkName?: string | undefined;
}

export interface Inventory extends HostDescription {
  /** Without the members of sets. */
  readonly workloads: readonly WorkloadDescription[];
  readonly providers: readonly ProviderDescription[];
  readonly sets: SetsSummary;
}

/** What is told of sets, and of what they could have here. */
export interface SetsSummary {
  /** All that have an id here, whatever became of them. */
  readonly count: number;
  /** Members of those that run, services included. */
  readonly members: number;
  /** What components may import, as offers have it. */
  readonly imports: readonly InterfacePackage[];
  /** What of components may be called. */
  readonly exports: readonly InterfacePackage[];
}

export interface ScaleRequest {
  readonly id: EntityId;
  /** Reference as given; echoed as it is. */
  readonly image: string;
  /** Bytes to use instead of fetching `image`. */
  readonly bytes?: Uint8Array;
  /** 0 stops the workload. */
  readonly maxInstances: number;
  readonly annotations: Annotations;
  readonly limits?: Partial<Limits>;
  /** Values for `wasi:config`, over those of `configNames`. */
  readonly config?: ReadonlyMap<string, string>;
  /** Names of configuration that the lattice keeps, in the order in which it is merged. */
  readonly configNames?: readonly string[];
  /** Moves a running workload to another `image`; else the running one stays. */
  readonly allowUpdate?: boolean;
  /** Takes `annotations` over also where nothing else changes, and tells of the new ones. */
  readonly relabel?: boolean;
}

/** Who a component is, by what is in it. */
export type Identify = (component: {
  readonly digest: Digest;
  readonly claims?: SignedClaims | undefined;
}) => EntityId;

/** A workload that is named by its image alone: who it is, the component says (0.82). */
export interface ActorScaleRequest {
  /** Reference as given; echoed as it is. */
  readonly image: string;
  /** 0 stops the one that runs this image with just these annotations. */
  readonly maxInstances: number;
  readonly annotations: Annotations;
  /** Throws for a component that may not run. */
  readonly identify: Identify;
}

/** What a scale or update command answers at once; the outcome comes as an event. */
export interface Acknowledged {
  /** For people; empty if there is nothing to say. */
  readonly notice: string;
}

export interface ProviderRequest extends ProviderDescription {
  /** Names of configuration that the lattice keeps, in the order in which it is merged. */
  readonly configNames: readonly string[];
  /** Over what those names give. */
  readonly config?: Values;
}

/** Each command's request and reply. */
export interface Commands {
  "host.ping": { request: undefined; reply: HostDescription };
  "host.describe": { request: undefined; reply: Inventory };
  "host.stop": {
    request: { readonly hostId: string | undefined; readonly timeoutMs: number | undefined };
    reply: undefined;
  };
  "workload.bid": {
    request: { readonly id: EntityId; readonly image: string; readonly constraints: Labels };
    /** `silent`: this host does not bid, and says nothing. */
    reply: "bid" | "silent";
  };
  "workload.scale": { request: ScaleRequest; reply: Acknowledged };
  "workload.update": {
    request: { readonly id: EntityId; readonly image: string; readonly annotations: Annotations };
    reply: Acknowledged;
  };
  /** Acknowledged at once; the outcome comes as an event. */
  "actor.scale": { request: ActorScaleRequest; reply: undefined };
  /** Answered when it has ended. `annotations`: those that it must have, among others. */
  "actor.stop": {
    request: { readonly id: EntityId; readonly annotations: Annotations };
    reply: undefined;
  };
  /** Answered when the other image serves. It may be somebody else's; `annotations`: just those of the running one. */
  "actor.update": {
    request: Omit<ActorScaleRequest, "maxInstances"> & { readonly id: EntityId };
    reply: undefined;
  };
  /**
   * Answered when it runs, or when it is known that it will not. One of this id that is there stays as it is, and the reply
   * is `failed` with "already exists". `stopping`: a stop has come meanwhile.
   */
  "set.start": { request: WorkloadSetSpec; reply: WorkloadSetStatus };
  "set.status": { request: { readonly id: string }; reply: WorkloadSetStatus };
  /** Answered when all of it has ended: `stopping`, or `absent` if there was none. One that stops already is answered at once. */
  "set.stop": { request: { readonly id: string }; reply: WorkloadSetStatus };
  "provider.bid": {
    request: { readonly id: EntityId; readonly image: string; readonly constraints: Labels };
    reply: "bid" | "silent";
  };
  /** Acknowledged at once; the outcome comes as an event. */
  "provider.start": { request: ProviderRequest; reply: undefined };
  /** Answered when the provider has ended. */
  "provider.stop": { request: { readonly id: EntityId }; reply: undefined };
  "label.put": { request: { readonly key: string; readonly value: string }; reply: undefined };
  "label.remove": { request: { readonly key: string }; reply: "removed" | "absent" };
  "link.put": { request: Link; reply: undefined };
  /** The reply is that of `Facts.removeLink`. */
  "link.remove": { request: LinkKey; reply: Link | "no-link" | "unknown" };
  "link.list": { request: undefined; reply: readonly Link[] };
  /** `body` as `Facts.putConfig` takes it. */
  "config.put": { request: { readonly name: string; readonly body: Uint8Array }; reply: undefined };
  "config.get": { request: { readonly name: string }; reply: Values | undefined };
  "config.remove": { request: { readonly name: string }; reply: undefined };
  /** `undefined`: that registry is to be asked without credentials. They are kept in memory, and never shown. */
  "registry.put": {
    request: ReadonlyMap<string, RegistryCredentials | undefined>;
    reply: undefined;
  };
  "claims.list": { request: undefined; reply: readonly Claims[] };
}

export type CommandName = keyof Commands;

export type CommandHandlers = {
  readonly [Name in CommandName]: (
    request: Commands[Name]["request"],
  ) => Promise<Commands[Name]["reply"]>;
};

/** The host as control planes see it. */
export interface HostControl {
  /**
   * Whether it may take commands that any one host answers for the whole lattice: it is shown, awake, and allowed to.
   * A host that is hidden may be frozen in the midst of them.
   */
  readonly available: View<boolean>;
  /** @throws {LatticeError} with a message for the one who sent the command. */
  run<Name extends CommandName>(
    name: Name,
    request: Commands[Name]["request"],
  ): Promise<Commands[Name]["reply"]>;
}
