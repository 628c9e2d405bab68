/** What a host is made of, and what it offers to those who hold it. */
import type { Bus } from "../core/bus.ts";
import type { Callee, Via } from "../core/call.ts";
import type { Clock } from "../core/clock.ts";
import type {
  HostControl,
  Inventory,
  Labels,
  ProviderRequest,
  ScaleRequest,
} from "../core/command.ts";
import type { Dialect } from "../core/dialect.ts";
import type { CallRecord } from "../core/event.ts";
import type { EntityId, HostId, LatticeId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import type { Offer } from "../core/offer.ts";
import type { ProviderKind } from "../core/provider.ts";
import type { Runtime } from "../core/runtime.ts";
import type { Tell, Topic } from "../core/watched.ts";
import type { World } from "../core/wit.ts";
import type { Limits } from "../core/workload.ts";
import type { Registries } from "./registries.ts";
import type { ProviderEntry, ServedProvider } from "./providers.ts";
import type { SetEntry } from "./sets/set-view.ts";
import type { WorkloadEntry } from "./workload.ts";

export interface HostParts {
  readonly id: HostId;
  readonly lattice: LatticeId;
  readonly friendlyName: string;
  readonly version: string;
  readonly labels: Labels;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly log: Log;
  readonly runtime: Runtime;
  readonly control: Bus;
  readonly rpc: Bus;
  readonly dialects: readonly Dialect[];
  /** Providers that may run here; default none. */
  readonly providers?: readonly ProviderKind[];
  /** What members of sets may have of this host; default nothing. */
  readonly offers?: readonly Offer[];
  /** JetStream domain, as other members are told of it. */
  readonly jsDomain?: string;
  /** False: calls between components of this node are shared out by the lattice, as all others are. */
  readonly shortCircuit?: boolean;
  /** What the lattice says that registries are to be shown. */
  readonly registries: Pick<Registries, "put">;
  /** Ask the lattice's configuration service before joining; default false. */
  readonly configService?: boolean;
  /** Whether it may answer for the whole lattice where no native host can; default true. */
  readonly shareWork?: boolean;
  readonly heartbeatMs?: number;
  /** Hears of each call that ended here, whoever made it. */
  readonly record: (call: CallRecord) => void;
  /** Something that views show has changed. */
  readonly changed: () => void;
  /** The control subscriptions stand; the lattice is told next. */
  readonly onSubscribed?: () => void;
  readonly onLabels?: (labels: Labels) => void;
}

export interface Host extends HostControl {
  /** Resolves when all control subscriptions stand and the lattice was told. */
  start(): Promise<void>;
  /** Ends calls, says goodbye, leaves the buses. Later calls give the same promise. */
  stop(timeoutMs?: number): Promise<void>;
  /** Aborts when the host begins to stop, by whomever. */
  readonly stopping: AbortSignal;
  /** Resolves when the host was stopped, by whomever. */
  readonly stopped: Promise<void>;
  /** As the command, but resolves with its outcome. */
  scale(request: ScaleRequest): Promise<void>;
  /** Out of all queue groups, or back in them. */
  setPresent(present: boolean): void;
  /** Whether somebody can see the page; a hidden one goes on serving, but leaves what any host could do to others. */
  setShown(shown: boolean): void;
  /** Looks whether the connections still live, after anything that may have cut them. */
  probe(): void;
  /** What calls `target` by the types of `world`; by default here, if it runs here and has room, else in the lattice. */
  calleeFor(target: EntityId, world: World | undefined, via?: Via): Callee;
  /** Begins to tell of `topic` until `signal` aborts. Rejects where this node cannot make it, or its code cannot be loaded. */
  watch<T extends Topic>(topic: T, tell: Tell<T>, signal: AbortSignal): Promise<void>;
  /**
   * Runs `kind`, which no reference leads to, as the provider `request` says; resolves when the lattice can call it.
   *
   * @throws {LatticeError} `conflict` where a provider of that id runs, and as its start fails.
   */
  serve(request: ProviderRequest, kind: ProviderKind): Promise<ServedProvider>;
  /** Tells whoever gave `handle` out that somebody in this page has no use for it any more. */
  drop(target: EntityId, instance: string, resource: string, handle: Uint8Array): void;
  inventory(): Inventory;
  entries(): readonly WorkloadEntry[];
  sets(): readonly SetEntry[];
  providers(): readonly ProviderEntry[];
}
