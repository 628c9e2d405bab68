/** The contract between a page and its host worker: which methods each side answers. */
import type { Via } from "../core/call.ts";
import type { Credentials } from "../core/credentials.ts";
import type { NodeOptions } from "../core/node-options.ts";
import type { NodeState } from "../core/node-state.ts";
import type { CommandName, Commands } from "../core/command.ts";
import type { RegistryLogins } from "../core/registry.ts";
import type { Topic, Watched } from "../core/watched.ts";
import type { World } from "../core/wit.ts";

export type BusName = "control" | "rpc";

/** What happened to the page, for the node to act on. */
export type PageNotice =
  /** The page may have slept, or the network came back: look whether the connection lives. */
  | "wake"
  | "hidden"
  | "visible"
  /** About to be suspended, perhaps to come back: leave the queue groups. */
  | "freeze"
  | "resume"
  /** About to end: say goodbye and drain. */
  | "leaving";

/**
 * How long a page that ends holds on, in milliseconds: its workers end with it, as soon as its `pagehide` handlers
 * return. The first half is for calls to end in, the rest for telling the callers of the others.
 */
export const LEAVING_GRACE_MS = 100;

export interface NodeSetup extends NodeOptions {
  /** The page's `performance.timeOrigin`, the zero of the join steps. */
  readonly timeOrigin: number;
  /** When the page asked for the worker, in milliseconds since `timeOrigin`. */
  readonly startedMs: number;
  /** Which buses the page has credentials for, to be asked by {@link PageMethods.credentials}. */
  readonly credentialed: readonly BusName[];
  /** True if the page has credentials for registries, to be asked by {@link PageMethods.registries}. */
  readonly registered: boolean;
  /** True if the page has a cluster's seed, to be asked by {@link PageMethods.clusterSeed}. */
  readonly seeded: boolean;
  /** False for a page that joins in the background. */
  readonly shown: boolean;
  /** Base address of the worker files, if not beside the library. */
  readonly workers?: string;
}

export interface StartRequest {
  readonly id: string;
  /** A reference; with `bytes`, the name to show. */
  readonly image: string;
  readonly bytes?: Uint8Array;
  readonly maxInstances?: number;
  readonly config?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface CallRequest {
  readonly target: string;
  readonly instance: string;
  readonly func: string;
  readonly args: readonly unknown[];
  readonly wit?: string;
  readonly linkName?: string;
  readonly via?: Via;
}

/** A call whose values are text: WAVE or JSON by the function's types. */
export interface TextCallRequest extends Omit<CallRequest, "args"> {
  readonly args: readonly string[];
}

export interface TextResult {
  /** In WAVE; absent for a function that gives nothing. */
  readonly text?: string;
  /** Characters that `text` would have if it were whole. */
  readonly length: number;
  /** From the call to its whole result, in the node. */
  readonly tookMs: number;
}

/** What is to be other than it is. */
export interface ChangeRequest {
  readonly id: string;
  readonly maxInstances?: number;
  readonly image?: string;
  readonly bytes?: Uint8Array;
}

/** What the page serves: it is called through `port` (`callee.ts`), and told of by {@link ServingMethods}. */
export interface ServeRequest {
  readonly id: string;
  /** Its exports are what is served, by their names on the wire. */
  readonly world: World;
  /** Where the handles lead that it gives out, if it gives any. */
  readonly place?: string;
  /** Calls that may run at once. */
  readonly maxInstances: number;
  readonly linkName?: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** Transferred. */
  readonly port: MessagePort;
}

/** What the page answers for what it serves, beside calls. */
export interface ServingMethods {
  /** Nobody has the handle any more. */
  drop(handle: Uint8Array): Promise<void>;
  /** Answered at once by a page that is not stuck. */
  ping(): Promise<void>;
  /** It is served no more, by whoever's wish; the port ends. */
  stopped(): Promise<void>;
}

/** What the host worker answers to who serves. */
export interface ServedMethods {
  /** Resolves when it is served no more, its calls have ended, and the lattice was told. */
  stop(): Promise<void>;
}

/** Calls of one target by the types of `world`: the host worker takes them through `port` (`callee.ts`). */
export interface ClientRequest {
  readonly target: string;
  readonly world: World;
  /** Transferred. */
  readonly port: MessagePort;
}

/** What the host worker answers to a client, beside calls. */
export interface ClientMethods {
  /** A handle that a call gave is of no use any more. */
  drop(instance: string, resource: string, handle: Uint8Array): Promise<void>;
  /** No more calls come. */
  close(): Promise<void>;
}

/** What the host worker answers. */
export interface NodeMethods {
  /** Resolves when the node has joined. */
  join(setup: NodeSetup): Promise<void>;
  start(request: StartRequest): Promise<void>;
  stop(id: string): Promise<void>;
  call(request: CallRequest, signal?: AbortSignal): Promise<unknown>;
  callText(request: TextCallRequest, signal?: AbortSignal): Promise<TextResult>;
  change(request: ChangeRequest): Promise<void>;
  /** What a control plane could ask of this host. */
  command<Name extends CommandName>(
    name: Name,
    request: Commands[Name]["request"],
  ): Promise<Commands[Name]["reply"]>;
  /** Tells of `topic` by {@link PageMethods.watched} with `watcher`, until `signal` aborts; does not resolve before. */
  watch(topic: Topic, watcher: number, signal: AbortSignal): Promise<void>;
  /** Resolves when the lattice can call what the page serves. */
  serve(request: ServeRequest): Promise<void>;
  client(request: ClientRequest): Promise<void>;
  notice(notice: PageNotice): Promise<void>;
  /** A sign of life. */
  ping(): Promise<void>;
  /** Leaves the lattice; resolves when everything is drained and closed. */
  leave(): Promise<void>;
}

/** A worker to start in the page. */
export interface WorkRequest {
  readonly script: string;
  /** Shown by the browser's tools, and in errors. */
  readonly name: string;
  /** What the worker talks through; transferred. */
  readonly port: MessagePort;
}

/** What the page answers. */
export interface PageMethods {
  /** Has a worker until `signal` aborts. Rejects with `worker-lost` when it is lost before. */
  work(request: WorkRequest, signal?: AbortSignal): Promise<never>;
  credentials(bus: BusName): Promise<Credentials | undefined>;
  registries(): Promise<RegistryLogins | undefined>;
  clusterSeed(): Promise<string | undefined>;
  /** The node's new state; at most about ten times a second. */
  state(state: NodeState): Promise<void>;
  /** Resolves when whoever watches has it. */
  watched(watcher: number, update: Watched[Topic]): Promise<void>;
}
