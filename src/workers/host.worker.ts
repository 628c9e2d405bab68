/** Entry of the host worker: the node itself, told what to do by its page, and showing it what happens. */
import type {
  ChangeRequest,
  NodeMethods,
  NodeSetup,
  PageMethods,
  PageNotice,
} from "../channels/node.ts";
import type { Clock } from "../core/clock.ts";
import type { Host } from "../host/host-parts.ts";
import type { NodeView } from "../host/view.ts";

import { assemble } from "../assemble.ts";
import { LEAVING_GRACE_MS } from "../channels/node.ts";
import { createPageSpawn, startsWorkersInPage } from "../channels/page-spawn.ts";
import { answer, remote } from "../channels/rpc.ts";
import { portOfWorker } from "../channels/spawn.ts";
import { LONGEST_TIMER_MS } from "../core/clock.ts";
import { LatticeError } from "../core/error.ts";
import { later } from "../core/later.ts";
import { createLog } from "../core/log.ts";
import { withSharedTimers } from "../core/shared-timers.ts";
import { DEFAULT_LIMITS } from "../core/workload.ts";
import { createPageCalls } from "./host/page-calls.ts";
import { changeRequest, startRequest } from "./host/page-workloads.ts";
import { createShownState } from "./host/shown-state.ts";

// The files that are loaded later import what they share with this one from its address beside theirs. Where a server has
// redirected the worker to that place, this module runs once more for them, and must not answer the page a second time.
const STARTED = Symbol.for("inlay host worker");
if (!(STARTED in globalThis)) {
  Object.defineProperty(globalThis, STARTED, { value: true });
  void open(); // does not fail
}

async function open(): Promise<void> {
  const port = await portOfWorker(globalThis);
  page = remote<PageMethods>(port, lifetime.signal);
  answer(port, methods, lifetime.signal);
}

const lifetime = new AbortController();
/** There before the page asks for anything. */
let page: PageMethods;

const clock: Clock = withSharedTimers({
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, Math.min(ms, LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
});

let node: { readonly host: Host; readonly setup: NodeSetup; joined: boolean } | undefined;
/** What the page told last; it may have been hidden while the node was still joining. */
let shown: boolean | undefined;
let calls = 0;

const functions = later(clock, "functions of the page", async () => {
  const [{ serveForPage }, { answerClient }] = await Promise.all([
    import("../providers/page/served.ts"),
    import("../providers/page/client.ts"),
  ]);
  return { serveForPage, answerClient };
});

const methods: NodeMethods = {
  async join(setup) {
    const view = createShownState(setup, tellPage);
    const log = createLog(
      () => clock.now(),
      (entry) => view.write(entry),
    );
    view.step("worker", setup.startedMs);
    const { host, prepare } = await assemble(
      setup,
      {
        clock,
        log,
        view,
        credentials: (bus) => page.credentials(bus),
        registries: () => page.registries(),
        clusterSeed: () => page.clusterSeed(),
        ...(startsWorkersInPage(navigator) ? { spawn: createPageSpawn(page) } : {}),
      },
      lifetime.signal,
    );
    host.setShown(shown ?? setup.shown);
    node = { host, setup, joined: false };
    host.stopping.addEventListener("abort", () => {
      if (node?.joined === true) view.update({ phase: "leaving" });
    });
    void host.stopped.then(() => view.update({ phase: "stopped" }));
    await host.start();
    node.joined = true;
    view.step();
    view.update({ phase: "joined" });
    void prepare(); // does not fail
  },
  async start(request) {
    await joined().host.scale(startRequest(request));
  },
  stop: (id) => change({ id, maxInstances: 0 }),
  change,
  ...createPageCalls({
    clock,
    joined: () => {
      const { host, setup } = joined();
      return { host, deadlineMs: deadlineOf(setup) };
    },
    nextId,
  }),
  command: (name, request) => joined().host.run(name, request),
  async watch(topic, watcher, signal) {
    const { host } = joined();
    const ended = until(signal);
    await host.watch(
      topic,
      (update) => page.watched(watcher, update).catch(() => undefined),
      signal,
    );
    await ended;
  },
  async serve(request) {
    const { host, setup } = joined();
    const { serveForPage } = await functions();
    await serveForPage(host, request, { ...DEFAULT_LIMITS, ...setup.limits });
  },
  async client(request) {
    const { host, setup } = joined();
    const { answerClient } = await functions();
    answerClient(host, request, {
      clock,
      deadlineMs: deadlineOf(setup),
      signal: lifetime.signal,
      nextId,
    });
  },
  async notice(notice) {
    if (notice === "hidden" || notice === "visible") shown = notice === "visible";
    if (node !== undefined) await obey(notice, node.host);
    else if (notice === "leaving") lifetime.abort(left());
  },
  ping: () => Promise.resolve(),
  async leave() {
    await node?.host.stop();
    lifetime.abort(left());
  },
};

async function change(request: ChangeRequest): Promise<void> {
  const { host } = joined();
  await host.scale(changeRequest(host, request));
}

function tellPage(view: NodeView): void {
  const host = node?.host;
  const state = view.state(host?.entries() ?? [], host?.providers() ?? [], host?.sets() ?? []);
  void page.state(state).catch(() => undefined); // a page that is gone sees nothing
}

function nextId(): string {
  return `page-${calls++}`;
}

function deadlineOf({ limits }: NodeSetup): number {
  return limits?.callDeadlineMs ?? DEFAULT_LIMITS.callDeadlineMs;
}

function left(): LatticeError {
  return new LatticeError("closed", "the node has left the lattice");
}

function until(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function joined(): NonNullable<typeof node> {
  if (node?.joined !== true)
    throw new LatticeError("closed", "the node has not joined a lattice yet");
  return node;
}

async function obey(notice: PageNotice, host: Host): Promise<void> {
  switch (notice) {
    case "freeze":
      return host.setPresent(false);
    case "resume":
      host.setPresent(true);
      return host.probe();
    case "visible":
      host.setShown(true);
      return host.probe();
    case "wake":
      return host.probe();
    case "leaving":
      return host.stop(LEAVING_GRACE_MS / 2);
    case "hidden":
      return host.setShown(false); // calls go on
  }
}
