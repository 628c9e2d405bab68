/**
 * The page's side of a node: starts the host worker, mirrors its state, tells it what happens to the page.
 *
 * Nothing of the lattice runs here: the connection, the dialects and the components live in workers.
 */
import type { BusName, NodeMethods, NodeSetup, PageMethods, TextResult } from "./channels/node.ts";
import type { Via } from "./core/call.ts";
import type { Credentials } from "./core/credentials.ts";
import type { ImageOptions, NodeOptions } from "./core/node-options.ts";
import type { NodeState } from "./core/node-state.ts";
import type { RegistryLogins } from "./core/registry.ts";
import type { View } from "./core/view.ts";
import type { Topic, Watched } from "./core/watched.ts";
import type { LatticeFacts } from "./lattice-facts.ts";
import type { AnyClient, ClientOptions } from "./typed/client.ts";
import type * as Typed from "./typed/typed.ts";
import type { Implementations, Served, ServeOptions, TypedParts } from "./typed/serve.ts";
import type { LivingLabels } from "./living-labels.ts";

import { tellOfPage } from "./page-notices.ts";
import { createPageWork } from "./channels/page-spawn.ts";
import { answer, remote } from "./channels/rpc.ts";
import { spawn } from "./channels/spawn.ts";
import { NO_WATCH } from "./core/alarm.ts";
import { asLatticeError, LatticeError } from "./core/error.ts";
import { createSource } from "./core/view.ts";
import { createLatticeFacts } from "./lattice-facts.ts";
import { VERSION } from "./version.ts";
import { createWatching } from "./watching.ts";
import { watchWorker } from "./worker-watch.ts";
import hostWorker from "./workers/host.worker.ts?worker&url";

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

/**
 * Joins a lattice from this page and answers its calls until the node is disposed.
 *
 * Calls are shared with every other host of the same component: closing the tab is safe, the lattice simply stops
 * choosing it. Nothing starts by itself; the lattice or {@link LatticeNode.start} says so.
 *
 * @throws {LatticeError} `no-servers` when no server answers in time; `denied` on refused credentials;
 * `insecure-context` on a page without the APIs that browsers keep for https and localhost.
 *
 * @example
 * await using node = await join({ servers: ["wss://lattice.example:4223"] });
 */
export function join(options: JoinOptions): Promise<LatticeNode> {
  return startJoining(options).joined;
}

/** As {@link join}, but gives the view before the node has joined. */
export function startJoining(options: JoinOptions): Joining {
  const startedMs = performance.now();
  const view = createSource<NodeState>(initialState(options));
  const fail = (thrown: unknown): never => {
    const error = asLatticeError(thrown, options.signal?.aborted === true ? "aborted" : "internal");
    const { code, message } = error;
    // Whoever leaves before the node has joined wanted no node: that is no failure to show.
    const left = code === "aborted" || code === "closed";
    view.set(
      left
        ? { ...view.peek(), phase: "stopped" }
        : { ...view.peek(), phase: "failed", error: { code, message } },
    );
    throw error;
  };
  return { view, joined: connect(options, view, startedMs).catch(fail) };
}

async function connect(
  options: JoinOptions,
  view: ReturnType<typeof createSource<NodeState>>,
  startedMs: number,
): Promise<LatticeNode> {
  if (!globalThis.isSecureContext) {
    throw new LatticeError(
      "insecure-context",
      `this page came over plain http from ${location.host}: browsers offer storage and cryptography only to https and localhost; open it over https`,
    );
  }
  const ended = new AbortController();
  const end = (reason: LatticeError): void => {
    ended.abort(reason);
    worker.terminate();
  };
  const worker = spawn(hostWorker, {
    name: "inlay host",
    base: workersOf(options),
    start: startHostWorker,
    onLost: end,
  });
  const host = remote<NodeMethods>(worker.port, ended.signal);
  const { watch, watched } = createWatching(host);
  const page: PageMethods = {
    credentials: (bus) => credentialsFor(options, bus),
    registries: () => registriesOf(options),
    clusterSeed: () => clusterSeedOf(options),
    state: (state) => Promise.resolve(view.set(state)),
    watched,
    work: createPageWork(ended.signal),
  };
  answer(worker.port, page, ended.signal);
  ended.signal.addEventListener("abort", () =>
    view.set(endedState(view.peek(), ended.signal.reason)),
  );

  let leaving: Promise<void> | undefined;
  const leave = (): Promise<void> =>
    (leaving ??= host
      .leave()
      .catch(() => undefined) // a worker that is lost has left
      .then(() => end(new LatticeError("closed", "the node has left the lattice"))));
  options.signal?.addEventListener("abort", () => void leave(), {
    once: true,
    signal: ended.signal,
  });
  tellOfPage((notice) => void host.notice(notice).catch(() => undefined), ended.signal);
  if (options.watchdogMs !== undefined) {
    const lost = (ms: number): void =>
      end(new LatticeError("worker-lost", `the host worker was silent for ${ms} ms`));
    watchWorker({ ping: () => host.ping(), silentMs: options.watchdogMs, lost }, ended.signal);
  }

  const typed: TypedParts = {
    host,
    signal: ended.signal,
    // oxlint-disable-next-line no-console -- the page's own author looks there
    report: (message, cause) => console.error(message, cause),
  };
  try {
    options.signal?.throwIfAborted();
    const life = options.livingLabels?.(ended.signal);
    await host.join(setupOf(options, startedMs, life?.labels()));
    life?.follow((key, value) => host.command("label.put", { key, value }));
  } catch (cause) {
    end(asLatticeError(cause, options.signal?.aborted === true ? "aborted" : "internal"));
    throw cause;
  }
  return {
    view,
    start: async ({ image, ...rest }) =>
      host.start({ ...rest, ...(await imageOf(image, rest.id)) }),
    stop: (id) => host.stop(id),
    call: ({ signal, ...call }) => host.call(call, signal),
    label: (key, value) =>
      value === undefined
        ? host.command("label.remove", { key }).then(() => undefined)
        : host.command("label.put", { key, value }),
    callText: ({ signal, ...call }) => host.callText(call, signal),
    change: async (id, { image, maxInstances }) =>
      host.change({
        id,
        ...(maxInstances === undefined ? {} : { maxInstances }),
        ...(image === undefined ? {} : await imageOf(image, id)),
      }),
    lattice: createLatticeFacts(host),
    watch,
    serve: async (wit, serving, exports) => (await loadTyped()).serve(typed, wit, serving, exports),
    async client<Client extends object>(wit: string, target: string, calling: ClientOptions = {}) {
      const made = await (await loadTyped()).client(typed, wit, target, calling);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the caller says what is in the text
      return made as Client;
    },
    [Symbol.asyncDispose]: leave,
  };
}

/** In the form that the bundlers of apps look for: they bundle the worker's files and name them anew. */
function startHostWorker(): Worker {
  return new Worker(new URL("./workers/host.worker.ts", import.meta.url), {
    type: "module",
    name: "inlay host",
  });
}

/** What only pages with functions of their own need. */
async function loadTyped(): Promise<typeof Typed> {
  try {
    return await import("./typed/typed.ts");
  } catch (cause) {
    const error = "the code for functions of the page could not be loaded: reload the page";
    throw new LatticeError("unsupported", error, { cause });
  }
}

/** Everything of the options that can cross into the worker. */
function setupOf(
  options: JoinOptions,
  startedMs: number,
  labels: NodeOptions["labels"] = {},
): NodeSetup {
  const {
    credentials,
    rpcCredentials,
    clusterSeed,
    workers: _base,
    images = {},
    livingLabels: _living,
    watchdogMs: _watchdog,
    signal: _signal,
    ...rest
  } = options;
  const workers = workersOf(options);
  const { registries, ...crossing } = images;
  const credentialed: BusName[] = [];
  if (credentials !== undefined) credentialed.push("control");
  if ((rpcCredentials ?? credentials) !== undefined) credentialed.push("rpc");
  return {
    ...rest,
    labels: { ...rest.labels, ...labels },
    timeOrigin: performance.timeOrigin,
    startedMs,
    credentialed,
    registered: registries !== undefined,
    seeded: clusterSeed !== undefined,
    images:
      crossing.proxy === undefined ? crossing : { ...crossing, proxy: absolute(crossing.proxy) },
    shown: document.visibilityState !== "hidden",
    ...(workers === undefined ? {} : { workers }),
  };
}

function workersOf({ workers }: JoinOptions): string | undefined {
  return workers === undefined ? undefined : new URL(workers, document.baseURI).href;
}

async function credentialsFor(
  options: JoinOptions,
  bus: BusName,
): Promise<Credentials | undefined> {
  const given =
    bus === "rpc" ? (options.rpcCredentials ?? options.credentials) : options.credentials;
  return typeof given === "function" ? given() : given;
}

async function registriesOf({ images }: JoinOptions): Promise<RegistryLogins | undefined> {
  const given = images?.registries;
  return typeof given === "function" ? given() : given;
}

async function clusterSeedOf({ clusterSeed }: JoinOptions): Promise<string | undefined> {
  return typeof clusterSeed === "function" ? clusterSeed() : clusterSeed;
}

async function imageOf(
  image: string | Blob | Uint8Array,
  id: string,
): Promise<{ image: string; bytes?: Uint8Array }> {
  if (typeof image === "string") return { image: absolute(image) };
  if (image instanceof Uint8Array) return { image: `bytes:${id}`, bytes: image };
  const name = image instanceof File ? image.name : `bytes:${id}`;
  return { image: name, bytes: new Uint8Array(await image.arrayBuffer()) };
}

/** Relative addresses are the page's; the worker would read them as its own. */
function absolute(reference: string): string {
  return /^\.{0,2}\//.test(reference) ? new URL(reference, document.baseURI).href : reference;
}

function initialState(options: JoinOptions): NodeState {
  return {
    phase: "connecting",
    error: undefined,
    hostId: undefined,
    friendlyName: options.name,
    lattice: options.lattice ?? "default",
    version: VERSION,
    bridge: undefined,
    labels: options.labels ?? {},
    joinSteps: [],
    control: { phase: "connecting" },
    rpc: { phase: "connecting" },
    users: {},
    refusals: [],
    facts: { phase: "reading" },
    sharing: false,
    workloads: [],
    providers: [],
    workloadSets: [],
    calls: [],
    totals: { answered: 0, failed: 0, refused: 0 },
    alarms: [],
    watch: NO_WATCH,
    metrics: [],
    log: [],
  };
}

function endedState(state: NodeState, reason: unknown): NodeState {
  if (state.phase === "failed") return state;
  const { code, message } = asLatticeError(reason);
  return code === "closed" || code === "aborted"
    ? { ...state, phase: "stopped" }
    : { ...state, phase: "failed", error: { code, message } };
}
