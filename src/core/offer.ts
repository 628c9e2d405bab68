/**
 * The port to what a node itself offers to the components of a set: key-value stores, messaging and the like. wasmCloud v2
 * calls it a host plugin.
 */
import type { Bus } from "./bus.ts";
import type { Callee } from "./call.ts";
import type { Clock } from "./clock.ts";
import type { LatticeError } from "./error.ts";
import type { EntityId, LatticeId } from "./ids.ts";
import type { Log } from "./log.ts";
import type { View } from "./view.ts";
import type { World } from "./wit.ts";
import type { HostInterface, LocalResources, WorkloadSetSpec } from "./workload-set.ts";

/** Interfaces of one package. */
export type InterfacePackage = Pick<
  HostInterface,
  "namespace" | "package" | "version" | "interfaces"
>;

export interface Offer {
  /** `wasi-keyvalue`: an entry of that name means this one alone. */
  readonly id: string;
  /** What it answers. */
  readonly imports: readonly InterfacePackage[];
  /** What it calls on components. */
  readonly exports: readonly InterfacePackage[];
  /** Whether several entries of one package, told apart by name, can be met side by side. */
  readonly named: boolean;
  /** Who imports it has it without an entry, as with `wasi:http`; default false. */
  readonly builtIn?: boolean;
  /**
   * Becomes ready for one set. Throws for configuration that it cannot use; leaves nothing behind when it throws or
   * `signal` aborts. Absent where there is nothing to make ready: the host answers by itself.
   */
  readonly bind?: (context: OfferContext, signal: AbortSignal) => Promise<BoundOffer>;
}

export interface OfferContext {
  readonly set: Pick<WorkloadSetSpec, "id" | "namespace" | "name">;
  /** The entries that it is to meet. */
  readonly entries: readonly HostInterface[];
  /** Those that use it, by name; the service is `service`. */
  readonly members: ReadonlyMap<string, OfferMember>;
  /** The lattice that the node serves beside it. */
  readonly lattice: LatticeId;
  /** The connection that calls go by. */
  readonly bus: Bus;
  /** JetStream domain of what the lattice keeps; absent: the server's own. */
  readonly jsDomain: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export interface OfferMember {
  /** What its calls name as their source. */
  readonly id: EntityId;
  /** The component's own imports and exports. */
  readonly world: World;
  readonly resources: LocalResources;
}

/** An offer as one set has it. */
export interface BoundOffer extends AsyncDisposable {
  /** What it answers, in the form that the lattice has (`wrpc:keyvalue/store@…`); absent where it answers nothing.
   * The link of a call is the name of the entry that meets the import, or `default`. */
  readonly serves?: { readonly world: World; readonly callee: Callee };
  /**
   * All members can be called now, by the lattice's form of their exports. Resolves when whatever it brings them comes for
   * sure; it brings nothing before.
   */
  begin?(members: ReadonlyMap<string, SetCallee>, signal: AbortSignal): Promise<void>;
  /** Brings nothing more, and resolves when the members have what was on its way to them. */
  end?(signal: AbortSignal): Promise<void>;
  /** Why it can do its part no more. */
  readonly broken?: View<LatticeError | undefined>;
}

/** A running member: records what passes. */
export interface SetCallee {
  /** What calls name as their target. */
  readonly id: EntityId;
  readonly world: World;
  readonly callee: Callee;
  /** False while it has no room for more calls. */
  readonly accepting: View<boolean>;
}
