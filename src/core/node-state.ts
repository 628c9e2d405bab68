/**
 * The state of a node as pages and programs see it: a plain object that is replaced, never changed, and that
 * crosses from the host worker to the page whole. Everything in it is bounded.
 */
import type { KnownUser, Refusal } from "./access.ts";
import type { ForgeryAlarm, WatchState } from "./alarm.ts";
import type { BusStatus } from "./bus.ts";
import type { ErrorCode } from "./error.ts";
import type { CallRecord } from "./event.ts";
import type { FactsStatus } from "./facts.ts";
import type { LogEntry } from "./log.ts";
import type { Metric } from "./metrics.ts";
import type { Health } from "./provider.ts";
import type { WorkloadState } from "./workload.ts";
import type { WorkloadSetPhase } from "./workload-set.ts";

export type NodePhase =
  | "idle"
  | "connecting"
  | "joined"
  | "reconnecting"
  /** It takes no more calls, and those that run may end. */
  | "leaving"
  | "stopped"
  | "failed";

/** How guests wait for asynchronous imports. `sync`: they cannot. */
export type Bridge = "jspi" | "atomics" | "sync";

export type JoinStepName = "worker" | "identity" | "connect" | "subscribe" | "announce";

/** A step of joining. Times in milliseconds since the page's `performance.timeOrigin`. */
export interface JoinStep {
  readonly name: JoinStepName;
  readonly startedMs: number;
  /** Absent while it lasts. */
  readonly tookMs?: number;
}

export interface ExportedFunction {
  readonly instance: string;
  readonly func: string;
  /** `func(name: string) -> string`. */
  readonly signature: string;
  /** Why the lattice cannot call it, if so. */
  readonly unserved?: string;
}

export interface WorkloadView {
  readonly id: string;
  readonly image: string;
  readonly state: WorkloadState;
  readonly maxInstances: number;
  readonly annotations: Readonly<Record<string, string>>;
  readonly digest: string | undefined;
  readonly sizeBytes: number | undefined;
  readonly exports: readonly ExportedFunction[];
  /** Full names of what it imports. */
  readonly imports: readonly string[];
  readonly running: number;
  readonly waiting: number;
  /** False while it is out of its queue groups because its line is full. */
  readonly accepting: boolean;
  readonly answered: number;
  readonly failed: number;
  readonly refused: number;
}

/** An in-page provider. */
export interface ProviderView {
  readonly id: string;
  readonly image: string;
  readonly state:
    | { readonly phase: "starting" | "running" | "stopping" }
    | { readonly phase: "failed"; readonly error: string };
  readonly annotations: Readonly<Record<string, string>>;
  readonly exports: readonly ExportedFunction[];
  /** As it was last heard of; absent before the first look. */
  readonly health: Health | undefined;
  /** Links that it has taken. */
  readonly links: number;
  readonly running: number;
  /** False while it is out of its queue groups: too many calls, or its lease could not be renewed. */
  readonly accepting: boolean;
  readonly answered: number;
  readonly failed: number;
  readonly refused: number;
}

/** An interface, or several of one package, that a set wants of its host: without the values, which may be secrets. */
export interface SetInterfaceView {
  readonly namespace: string;
  readonly package: string;
  readonly version: string | undefined;
  readonly interfaces: readonly string[];
  readonly name: string | undefined;
}

export interface SetMemberView extends WorkloadView {
  /** As the set calls it. */
  readonly name: string;
  readonly role: "component" | "service";
  /** What answers each of its imports past WASI, in words, by the import's full name; empty before that is known. */
  readonly met: Readonly<Record<string, string>>;
}

/** Several components that run together: a workload of wasmCloud v2. */
export interface WorkloadSetView {
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  readonly phase: WorkloadSetPhase;
  /** For people; why, if it failed. */
  readonly message: string;
  /** The service last. Empty if none of them runs or is being started. */
  readonly members: readonly SetMemberView[];
  readonly interfaces: readonly SetInterfaceView[];
}

export interface NodeState {
  readonly phase: NodePhase;
  readonly error: { readonly code: ErrorCode; readonly message: string } | undefined;
  readonly hostId: string | undefined;
  readonly friendlyName: string | undefined;
  readonly lattice: string;
  readonly version: string;
  readonly bridge: Bridge | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly joinSteps: readonly JoinStep[];
  readonly control: BusStatus;
  readonly rpc: BusStatus;
  /** Whom the two connections show themselves as; absent for those without credentials. */
  readonly users: { readonly control?: KnownUser; readonly rpc?: KnownUser };
  /** What servers did not let this node do; the most recent last, the last 100. */
  readonly refusals: readonly Refusal[];
  /** Links, configuration and claims as the lattice keeps them. */
  readonly facts: FactsStatus;
  /** Whether this node answers, with others, what any one host does for the whole lattice. */
  readonly sharing: boolean;
  readonly workloads: readonly WorkloadView[];
  readonly providers: readonly ProviderView[];
  readonly workloadSets: readonly WorkloadSetView[];
  /** Newest last; the last 100. */
  readonly calls: readonly CallRecord[];
  /** Calls from the lattice and from this page since the start. */
  readonly totals: { readonly answered: number; readonly failed: number; readonly refused: number };
  /** Forged calls, as far as this node has seen them; newest last, the last 100. */
  readonly alarms: readonly ForgeryAlarm[];
  /** What the watch has seen, of all calls in the lattice. */
  readonly watch: WatchState;
  /** Under the names that hosts of wasmCloud use. */
  readonly metrics: readonly Metric[];
  /** Newest last; the last 200. */
  readonly log: readonly LogEntry[];
}
