/** What a page gives and gets when it joins: the options, and the node. */
import type { TextResult } from "./channels/node.ts";
import type { Via } from "./core/call.ts";
import type { Credentials } from "./core/credentials.ts";
import type { ImageOptions, NodeOptions } from "./core/node-options.ts";
import type { NodeState } from "./core/node-state.ts";
import type { RegistryLogins } from "./core/registry.ts";
import type { View } from "./core/view.ts";
import type { Topic, Watched } from "./core/watched.ts";
import type { LatticeFacts } from "./lattice-facts.ts";
import type { LivingLabels } from "./living-labels.ts";
import type { AnyClient, ClientOptions } from "./typed/client.ts";
import type { Implementations, Served, ServeOptions } from "./typed/serve.ts";

export interface JoinOptions extends Omit<NodeOptions, "images"> {
  /**
   * For both connections, that of control and that of calls, unless `rpcCredentials` are given. A function is asked at each
   * dial of each.
   */
  readonly credentials?: Credentials | (() => Promise<Credentials>);
  /**
   * Of the dialect `v0`: the seed (`SC…`) that signs what this node calls; absent: a fresh one, which nobody else trusts. A
   * function is asked once. It crosses to the host worker only, and is in no view and no log.
   */
  readonly clusterSeed?: string | (() => Promise<string>);
  readonly images?: JoinImageOptions;
  /** For the connection that calls run on; default: as `credentials`. */
  readonly rpcCredentials?: Credentials | (() => Promise<Credentials>);
  /**
   * Keep labels that follow the life of the page: `inlay.visibility`, `inlay.network`, `inlay.battery`, `inlay.idle`, as far as
   * the browser tells. To be given as it is exported (`join({ …, livingLabels })`); default: none.
   */
  readonly livingLabels?: (signal: AbortSignal) => LivingLabels;
  /**
   * Give the host worker up (`worker-lost`) when it answers no ping for as long, in milliseconds; default: never. Debuggers
   * that stop the worker make it silent too.
   */
  readonly watchdogMs?: number;
  /** Base address of the worker files; default: beside this library. */
  readonly workers?: string;
  /** Leaves the lattice when it aborts. */
  readonly signal?: AbortSignal;
}

export interface JoinImageOptions extends ImageOptions {
  /**
   * What OCI registries are shown, by their names as references have them: `{ "ghcr.io": { user, pass } }`, or
   * `{ token }` for what is sent as it is. A function is asked at each pull. It crosses to the host worker only, and is
   * in no view and no log.
   */
  readonly registries?: RegistryLogins | (() => Promise<RegistryLogins>);
}

export type { TextResult } from "./channels/node.ts";

export interface WorkloadOptions {
  readonly id: string;
  /** A reference or URL, or the component itself. */
  readonly image: string | Blob | Uint8Array;
  /** Calls that may run at once; default 10. */
  readonly maxInstances?: number;
  /** What the component reads through `wasi:config`. */
  readonly config?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface CallOptions {
  /** Id of a component or provider anywhere in the lattice. */
  readonly target: string;
  /** `wasi:keyvalue/store@0.2.0-draft`. */
  readonly instance: string;
  readonly func: string;
  /** Values in jco's JavaScript mapping. */
  readonly args: readonly unknown[];
  /** WIT text with the interface; needed unless `target` runs in this node. */
  readonly wit?: string;
  readonly linkName?: string;
  /** Only to what runs in this node, or only over the lattice; default: here if it runs here and has room. */
  readonly via?: Via;
  readonly signal?: AbortSignal;
}

/** A call whose arguments are text: WAVE or JSON, by the types of the function. */
export interface TextCallOptions extends Omit<CallOptions, "args"> {
  readonly args: readonly string[];
}

/** What a running component is to have instead of what it has. */
export interface ChangeOptions {
  readonly maxInstances?: number;
  readonly image?: string | Blob | Uint8Array;
}

/** A member of a lattice, in this page. */
export interface LatticeNode extends AsyncDisposable {
  /** What the node is and does, as it changes. */
  readonly view: View<NodeState>;
  /**
   * Runs a component; resolves when the lattice can call it.
   *
   * @throws {LatticeError} `image-unavailable`, `image-too-large`, `digest-mismatch`, `bad-image`, `import-unmet`,
   * `unsupported`.
   */
  start(workload: WorkloadOptions): Promise<void>;
  /** Ends a component after its running calls; resolves when it is gone. Throws `not-found`. */
  stop(id: string): Promise<void>;
  /**
   * Calls a function anywhere in the lattice. A function that gives a WIT `result` resolves with
   * `{ tag: "ok" | "err", val }`. Streams are lists here and futures their values, in arguments as in results, up to 64 MiB
   * of a stream: they flow in the lattice, and are whole in the page.
   *
   * @throws {LatticeError} `types-unknown`, `not-served`, `incomplete` when the callee failed, `deadline`.
   */
  call(call: CallOptions): Promise<unknown>;
  /**
   * Sets a label of this host, or removes it (`undefined`), and tells the lattice.
   *
   * @throws {LatticeError} `bad-input` for a key under `hostcore.`, or too many letters.
   */
  label(key: string, value: string | undefined): Promise<void>;
  /** As {@link LatticeNode.call}, with text in and out; `bad-input` for text that is not of its type. */
  callText(call: TextCallOptions): Promise<TextResult>;
  /**
   * Gives a component of this node other limits on calls at once, or another image; resolves when that serves. Everything else
   * stays as it is. Throws `not-found`, and as {@link LatticeNode.start}.
   */
  change(id: string, change: ChangeOptions): Promise<void>;
  /** Links and named configuration that the lattice keeps. */
  readonly lattice: LatticeFacts;
  /**
   * Tells `listener`, which must not throw, of `topic` until `signal` aborts, and resolves then. The node makes a topic only
   * while somebody watches it.
   *
   * @throws {LatticeError} `unsupported` where this node cannot make it, `closed` when the node has left.
   */
  watch<T extends Topic>(
    topic: T,
    listener: (update: Watched[T]) => void,
    signal: AbortSignal,
  ): Promise<void>;
  /**
   * Serves functions of this page under an id, as a provider of the lattice that components and others call and link to;
   * resolves when the lattice can call them. Several tabs that serve the same id share its calls.
   *
   * `exports` has an object for each interface of the WIT text, with its functions in camelCase and a class for each
   * resource. Values are in jco's mapping and are checked against the types, both ways; a WIT `result` is what the function
   * returns, or throws (`ComponentError`). Streams are anything that can be iterated, and flow. Each function gets
   * a {@link ServedCall} behind its parameters.
   *
   * @throws {LatticeError} `bad-message` for what is no WIT text, `bad-input` with the names of all functions that are missing
   * or too much, `unsupported`, `conflict` where the id is served in this node already.
   *
   * @example
   * await node.serve(wit, { id: "greeter" }, {
   *   "demo:api/greeter": { greet: (name) => `Hello, ${name}!` },
   * });
   */
  serve<Exports extends object = Implementations>(
    wit: string,
    options: ServeOptions,
    exports: NoInfer<Exports>,
  ): Promise<Served>;
  /**
   * Functions that call `target`, anywhere in the lattice, by the types of WIT text: an object for each interface, with its
   * functions in camelCase and a class for each resource (`await new Bucket(…)`). All give promises; a WIT `err` is thrown as
   * a `ComponentError`, a failure of the machinery as a `LatticeError`. Streams flow in both directions. Keep a client: each
   * has a channel of its own until its signal aborts or the node ends.
   *
   * @throws {LatticeError} `bad-message`, `bad-input`. Functions throw `bad-input` for arguments that are not of their types, and
   * as {@link LatticeNode.call}.
   *
   * @example
   * const { "demo:api/greeter": greeter } = await node.client(wit, "greeter");
   * await greeter.greet("Ada");
   */
  client<Client extends object = AnyClient>(
    wit: string,
    target: string,
    options?: ClientOptions,
  ): Promise<Client>;
}

export interface Joining {
  /** There at once, to show the steps of joining and a failure. */
  readonly view: View<NodeState>;
  readonly joined: Promise<LatticeNode>;
}
