/**
 * The page's side of a node: starts the host worker, mirrors its state, tells it what happens to the page.
 *
 * Nothing of the lattice runs here: the connection, the dialects and the components live in workers.
 */
import type { NodeMethods, PageMethods } from "./channels/node.ts";
import type { NodeState } from "./core/node-state.ts";
import type { JoinOptions, Joining, LatticeNode } from "./lattice-node.ts";
import type { ClientOptions } from "./typed/client.ts";
import type * as Typed from "./typed/typed.ts";
import type { TypedParts } from "./typed/serve.ts";

import { tellOfPage } from "./page-notices.ts";
import { createPageWork } from "./channels/page-spawn.ts";
import { answer, remote } from "./channels/rpc.ts";
import { spawn } from "./channels/spawn.ts";
import { asLatticeError, LatticeError } from "./core/error.ts";
import { createSource } from "./core/view.ts";
import {
  clusterSeedOf,
  credentialsFor,
  imageOf,
  registriesOf,
  setupOf,
  workersOf,
} from "./join-setup.ts";
import { endedState, initialState } from "./join-state.ts";
import { createLatticeFacts } from "./lattice-facts.ts";
import { createWatching } from "./watching.ts";
import { watchWorker } from "./worker-watch.ts";
import hostWorker from "./workers/host.worker.ts?worker&url";

export type {
  CallOptions,
  ChangeOptions,
  JoinImageOptions,
  JoinOptions,
  Joining,
  LatticeNode,
  TextCallOptions,
  TextResult,
  WorkloadOptions,
} from "./lattice-node.ts";

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
