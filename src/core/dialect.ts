/** The port to one generation of the lattice's protocols. */
import type { Bus } from "./bus.ts";
import type { Callee, ImportCall, Interceptor, Results } from "./call.ts";
import type { SignedClaims } from "./claims.ts";
import type { Clock } from "./clock.ts";
import type { HostControl, Labels } from "./command.ts";
import type { HostEvent } from "./event.ts";
import type { Facts } from "./facts.ts";
import type { EntityId, HostId, LatticeId } from "./ids.ts";
import type { Link } from "./link.ts";
import type { Log } from "./log.ts";
import type { Observation, Word } from "./observation.ts";
import type { ProviderDesk } from "./provider.ts";
import type { RegistryCredentials } from "./registry.ts";
import type { PoolResources } from "./runtime.ts";
import type { LatticeError } from "./error.ts";
import type { View } from "./view.ts";
import type { WitValue, World } from "./wit.ts";

/** What a dialect is made of. `control` and `rpc` may be one object. */
export interface DialectParts {
  readonly control: Bus;
  readonly rpc: Bus;
  readonly lattice: LatticeId;
  readonly host: HostId;
  /** JetStream domain of what the lattice keeps; default the server's own. */
  readonly jsDomain?: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Something of this host that the lattice may call. */
export interface Served {
  readonly id: EntityId;
  readonly world: World;
  readonly callee: Callee;
  /** The link name under which a provider is started; absent for components. */
  readonly linkName?: string;
  /** Of a component, if it is signed. */
  readonly claims?: SignedClaims | undefined;
  /**
   * Whether the callee gives handles out as bytes of its own making and takes them back; default false: then functions
   * with handles are not served.
   */
  readonly handles?: boolean;
  /** Of a callee whose handles lead to one place: calls for it are taken whatever `accepting` says. */
  readonly resources?: PoolResources;
  /**
   * What each call passes. A dialect puts all of a call inside, its parameters' arrival and its results' departure
   * included, so that whatever fails is seen; the arguments are not there yet when the call enters.
   */
  readonly intercept: Interceptor;
  /** Whether somebody watches calls, so that times are worth taking; default never. */
  readonly watched?: () => boolean;
  /** While false the dialect stays out of the queue groups, so that NATS routes elsewhere. */
  readonly accepting: View<boolean>;
  /** Milliseconds from the acceptance of a call to its end. */
  readonly deadlineMs: number;
}

/** A served thing's place in the lattice. */
export interface Serving {
  /** Leaves the queue groups; resolves when all that had been routed here was handed to the callee and answered. */
  drain(): Promise<void>;
  /** Why it is served no more although nobody has left: the server refused it when a lost connection was back. */
  readonly broken?: View<LatticeError | undefined>;
}

/** What a service of the lattice gives a host beyond its own options. */
export interface Supplement {
  /** `undefined`: without credentials. */
  readonly registries: ReadonlyMap<string, RegistryCredentials | undefined>;
}

/** A member of this node that calls something it imports. */
export interface Importer {
  readonly id: EntityId;
  /** What whoever signed it says of it; absent where nobody did. */
  readonly claims: SignedClaims | undefined;
  /** Calls a function of `target`, here or anywhere in the lattice, by the function types of `types`' exports. */
  call(
    target: EntityId,
    link: string,
    types: World,
    instance: string,
    func: string,
    args: readonly WitValue[],
  ): Promise<Results>;
  /** What it was started with, as it is now. */
  config(): ReadonlyMap<string, string>;
  /**
   * Calls of `interfaces`, which are named without version, go another way from now on, for the instance that asks: by a link name
   * in the place of `default`, or to whomever `target` gives for a call.
   */
  direct(
    interfaces: readonly string[],
    way: { readonly link: string } | { readonly target: () => EntityId },
  ): void;
}

export type AnswerImport = (call: ImportCall, importer: Importer) => Promise<Results>;

export interface Dialect {
  readonly generation: "v0" | "v1" | "v2";
  /** What the lattice keeps for all of its hosts, where this generation has a place for it. */
  readonly facts?: Facts;
  /** All links of this generation by their source, where it does not keep them as {@link facts}. */
  readonly links?: View<ReadonlyMap<EntityId, readonly Link[]>>;
  /** Whether this host answers at the moment, with others, for the whole lattice. */
  readonly sharing?: View<boolean>;
  /** Control plane, in: resolves when the server knows all control subscriptions; they last until `signal` aborts. */
  obey(host: HostControl, signal: AbortSignal): Promise<void>;
  /** Control plane, out. While the bus is down events are kept, bounded, and sent in order when it is back. */
  announce(event: HostEvent): void;
  /** Asks for supplemental configuration, where this generation knows of any; a failure gives none. */
  supplement?(labels: Labels, signal: AbortSignal): Promise<Supplement>;
  /**
   * Listens to what other hosts of this generation say of themselves, and asks them, until `signal` aborts; absent where
   * nobody can hear them. Its code is loaded then: rejects where it cannot be. `hear` must not throw.
   */
  observe?(hear: (word: Word) => void, signal: AbortSignal): Promise<Observation>;
  /** Resolves when no change of what its lattice keeps is under way. */
  settled?(): Promise<void>;
  /** Data plane, in: resolves when the server knows the subscriptions. */
  serve(served: Served, signal: AbortSignal): Promise<Serving>;
  /**
   * Takes HTTP requests for a member of a set, whose world exports the lattice's form of `wasi:http/incoming-handler`:
   * those for one of `hosts`, together with others who do, and those for the set of id `set` alone.
   */
  ingress?(
    served: Served,
    way: { readonly set: string; readonly hosts: readonly string[] },
    signal: AbortSignal,
  ): Promise<Serving>;
  /** Takes the messages that the lattice has for a provider, past calls: resolves when the server knows the subscriptions. */
  attend?(desk: ProviderDesk, signal: AbortSignal): Promise<void>;
  /** Data plane, out: calls `target` by the function types of `world`'s exports. */
  reach(target: EntityId, world: World): Callee;
  /** Tells the place that `handle` leads to, which `target` gave out, that it is not used any more. Nobody answers. */
  drop?(target: EntityId, instance: string, resource: string, handle: Uint8Array): void;
  /**
   * How far calls of `instance` of `target` are this generation's: its lattice has a `member` of that name, or only strangers
   * to it have; `never`: it has no words for the interface. Absent where it cannot tell.
   */
  knows?(target: EntityId, instance: string): "member" | "stranger" | "never";
  /** What answers imports of `instance`, if that is an interface by which members of this generation alone call others. */
  answers?(instance: string): AnswerImport | undefined;
  /**
   * What takes calls of `instance` for a member of this node that has `world`, if that is an interface by which this
   * generation calls members whatever they export. `callee` takes calls by `world`.
   */
  adapt?(instance: string, world: World, callee: Callee): Callee | undefined;
}
