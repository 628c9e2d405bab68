/**
 * The port to capability providers: what answers calls of the lattice in this page without being made of wasm.
 *
 * A {@link ProviderKind} is what `inlay:///<name>` names; a {@link Provider} is one of that kind, started under an id.
 */
import type { Call, Callee } from "./call.ts";
import type { Clock } from "./clock.ts";
import type { Values } from "./facts.ts";
import type { EntityId, LatticeId } from "./ids.ts";
import type { Link } from "./link.ts";
import type { Log } from "./log.ts";
import type { PoolResources } from "./runtime.ts";
import type { View } from "./view.ts";
import type { WitValue, World } from "./wit.ts";

/** A link as the provider at one of its ends is told of it. */
export interface ProviderLink {
  readonly link: Link;
  /** `source`: the provider calls the link's target. `target`: the link's source calls the provider. */
  readonly role: "source" | "target";
  /** The configuration of the provider's own end, merged. */
  readonly config: Values;
}

export interface Health {
  readonly healthy: boolean;
  /** For people. */
  readonly message?: string;
}

/**
 * A started provider. Links and configuration are told one at a time, never while an earlier telling is under way; calls
 * come at any time, also from members that no link names. Its `invoke` stands back from calls whose signal has aborted.
 */
export interface Provider extends Callee, AsyncDisposable {
  /** What it serves: the exports of this world, by their names in wRPC. */
  readonly world: World;
  /** It gives handles out as bytes of its own making and takes them back; default false: no function with handles is served. */
  readonly handles?: boolean;
  /** Of one whose handles lead to one place. */
  readonly resources?: PoolResources;
  /** How many calls it takes at once, where that is its own matter; default: the host's bound. */
  readonly load?: ProviderLoad;
  /** A new link, or other configuration or interfaces of one that was told of. Throws for one that it cannot take. */
  link(link: ProviderLink, signal: AbortSignal): Promise<void>;
  /** The link is gone; it was told of as `link`. */
  unlink(link: ProviderLink): Promise<void>;
  /** The provider's own configuration changed. Throws for one that cannot be used: the old one stays in force. */
  configure(config: Values): Promise<void>;
  /** Rejects if it cannot say, which is logged and changes nothing. */
  health(signal: AbortSignal): Promise<Health>;
}

export interface ProviderLoad {
  /** False from the moment there is no room for a call until there is some again. */
  readonly accepting: View<boolean>;
  /** Calls that are under way. */
  running(): number;
}

/** What a provider gets to live in. */
export interface ProviderContext {
  readonly id: EntityId;
  readonly lattice: LatticeId;
  /** Its configuration at the start, merged. */
  readonly config: Values;
  readonly clock: Clock;
  readonly log: Log;
  /**
   * Calls a function of `target`, wherever it runs, in this provider's name; `world` has the types of what is called.
   * As a call: the results, or a LatticeError.
   */
  call(
    wanted: Pick<Call, "target" | "link" | "instance" | "func" | "args" | "signal">,
    world: World,
  ): Promise<readonly WitValue[]>;
}

export interface ProviderKind {
  /** `keyvalue` of `inlay:///keyvalue`. */
  readonly name: string;
  /**
   * It keeps something of its own, so that two of one id would be two truths: a node starts one only while it holds
   * the id's lease in the lattice. Of others any number serve one id, and a call goes to any of them.
   */
  readonly exclusive: boolean;
  /** Throws for configuration that it cannot use. Leaves nothing behind when it throws or `signal` aborts. */
  start(context: ProviderContext, signal: AbortSignal): Promise<Provider>;
}

/** What the lattice's messages may ask of a running provider, past calls. */
export interface ProviderDesk {
  readonly id: EntityId;
  /** The link name that it serves. */
  readonly linkName: string;
  health(): Promise<Health>;
  /** A host tells of a link. Counts only where the lattice keeps no links itself. */
  linked(link: Link, sourceConfig: Values, targetConfig: Values): void;
  unlinked(link: Link): void;
  /** A host tells of the provider's configuration. Counts only where the lattice keeps none itself. */
  configured(config: Values): void;
  /** Ends the provider as a stop command does. */
  shutdown(): Promise<void>;
}
