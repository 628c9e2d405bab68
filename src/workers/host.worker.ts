/** Entry of the host worker: the node itself, told what to do by its page, and showing it what happens. */
import type {
  CallRequest,
  ChangeRequest,
  NodeMethods,
  NodeSetup,
  PageMethods,
  PageNotice,
  StartRequest,
} from "../channels/node.ts";
import type { Clock } from "../core/clock.ts";
import { LONGEST_TIMER_MS } from "../core/clock.ts";
import type { FuncType, World } from "../core/wit.ts";
import type { Host } from "../host/host-parts.ts";
import type { NodeView } from "../host/view.ts";

import { assemble } from "../assemble.ts";
import { LEAVING_GRACE_MS } from "../channels/node.ts";
import { createPageSpawn, startsWorkersInPage } from "../channels/page-spawn.ts";
import { answer, remote } from "../channels/rpc.ts";
import { portOfWorker } from "../channels/spawn.ts";
import { LatticeError } from "../core/error.ts";
import { entityId } from "../core/ids.ts";
import { later } from "../core/later.ts";
import { createLog } from "../core/log.ts";
import { withSharedTimers } from "../core/shared-timers.ts";
import { DEFAULT_LIMITS } from "../core/workload.ts";
import { createNodeView } from "../host/view.ts";
import { VERSION } from "../version.ts";

/** The page hears of changes at most this often, but of a new phase at once. */
const SHOW_EVERY_MS = 100;
/** The same for what is urgent. */
const HURRY_EVERY_MS = 50;

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

const typing = later(clock, "calls of the page", async () => {
  const [{ parseWit }, { asWhole, flowingArgs }] = await Promise.all([
    import("../wire/wit-text.ts"),
    import("../wire/value-whole.ts"),
  ]);
  return { parseWit, asWhole, flowingArgs };
});

const texting = later(clock, "values as text", () => import("../wire/wave-call.ts"));
const functions = later(clock, "functions of the page", async () => {
  const [{ serveForPage }, { answerClient }] = await Promise.all([
    import("../providers/page/served.ts"),
    import("../providers/page/client.ts"),
  ]);
  return { serveForPage, answerClient };
});

const methods: NodeMethods = {
  async join(setup) {
    const view = showing(setup);
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
    await joined().host.scale(scaleRequest(request));
  },
  stop: (id) => change({ id, maxInstances: 0 }),
  change,
  call: callLattice,
  async callText({ args, ...request }, signal) {
    const [{ type }, { callByText }] = await Promise.all([
      typesOf(request, signal),
      texting(signal),
    ]);
    return callByText(request, type, args, (values) =>
      callLattice({ ...request, args: values }, signal),
    );
  },
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
      deadlineMs: setup.limits?.callDeadlineMs ?? DEFAULT_LIMITS.callDeadlineMs,
      signal: lifetime.signal,
      nextId: () => `page-${calls++}`,
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

function showing(setup: NodeSetup): NodeView {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let shown: string | undefined;
  let shownMs = -Infinity;
  /** What the timer waits for must not wait longer. */
  let hurried = false;
  const show = (): void => {
    clearTimeout(timer);
    timer = undefined;
    hurried = false;
    shownMs = performance.now();
    shown = view.facts.phase;
    void page
      .state(
        view.state(
          node?.host.entries() ?? [],
          node?.host.providers() ?? [],
          node?.host.sets() ?? [],
        ),
      )
      .catch(() => undefined); // a page that is gone sees nothing
  };
  const view = createNodeView({
    initial: {
      phase: "connecting",
      error: undefined,
      hostId: undefined,
      friendlyName: setup.name,
      lattice: setup.lattice ?? "default",
      version: VERSION,
      bridge: undefined,
      labels: setup.labels ?? {},
      control: { phase: "connecting" },
      rpc: { phase: "connecting" },
      users: {},
      facts: { phase: "reading" },
      sharing: false,
    },
    now: () => performance.timeOrigin + performance.now() - setup.timeOrigin,
    changed(urgent = false) {
      if (view.facts.phase !== shown) return show();
      if (!urgent) {
        timer ??= setTimeout(show, SHOW_EVERY_MS);
      } else if (!hurried) {
        const waitMs = shownMs + HURRY_EVERY_MS - performance.now();
        if (waitMs <= 0) return show();
        clearTimeout(timer);
        timer = setTimeout(show, waitMs);
        hurried = true;
      }
    },
  });
  return view;
}

function scaleRequest({
  id,
  image,
  bytes,
  maxInstances = 10,
  config = {},
  annotations = {},
}: StartRequest) {
  return {
    id: entityId(id),
    image,
    maxInstances,
    annotations: new Map(Object.entries(annotations)),
    config: new Map(Object.entries(config)),
    allowUpdate: true,
    ...(bytes === undefined ? {} : { bytes }),
  };
}

/** What a component has stays as it is where nothing else is asked for. */
async function change({ id, maxInstances, image, bytes }: ChangeRequest): Promise<void> {
  const { host } = joined();
  const wanted = entityId(id);
  const entry = host.entries().find(({ spec }) => spec.id === wanted);
  if (entry === undefined) {
    throw new LatticeError("not-found", `no component "${id}" runs in this node`);
  }
  const { spec } = entry;
  await host.scale({
    id: wanted,
    image: image ?? spec.image.reference,
    maxInstances: maxInstances ?? spec.maxInstances,
    annotations: spec.annotations,
    allowUpdate: image !== undefined,
    ...(bytes === undefined ? {} : { bytes }),
  });
}

/** The types by which the target is called: those of the request, else those of what runs here. */
async function typesOf(
  { target, instance, func, wit }: Omit<CallRequest, "args">,
  signal: AbortSignal | undefined,
): Promise<{ readonly world: World | undefined; readonly type: FuncType | undefined }> {
  const { host } = joined();
  const { parseWit } = await typing(signal);
  const world =
    wit === undefined ? undefined : { imports: new Map(), exports: parseWit(wit).interfaces };
  const here =
    host.entries().find(({ spec }) => spec.id === target)?.workload?.component.world ??
    host.providers().find(({ request }) => request.id === target)?.provider?.world;
  return { world, type: (world ?? here)?.exports.get(instance)?.get(func) };
}

async function callLattice(request: CallRequest, signal?: AbortSignal): Promise<unknown> {
  const { host, setup } = joined();
  const { instance, func, args, linkName = "default", via } = request;
  const target = entityId(request.target);
  const { asWhole, flowingArgs } = await typing(signal);
  const { world, type } = await typesOf(request, signal);
  const callee = host.calleeFor(target, world, via);
  const ended = new AbortController();
  const deadlineMs = setup.limits?.callDeadlineMs ?? DEFAULT_LIMITS.callDeadlineMs;
  const cancel = clock.after(deadlineMs, () =>
    ended.abort(
      new LatticeError("deadline", `${func} of ${target} did not answer within ${deadlineMs} ms`),
    ),
  );
  signal?.addEventListener(
    "abort",
    () => ended.abort(new LatticeError("aborted", "the caller gave up")),
    {
      once: true,
      signal: ended.signal,
    },
  );
  try {
    const [result] = await callee.invoke({
      id: `page-${calls++}`,
      source: undefined,
      target,
      link: linkName,
      instance,
      func,
      args: type === undefined ? args : flowingArgs(type, args),
      trace: new Map(),
      signal: ended.signal,
    });
    // The page has no streams: their contents cross to it when they have ended.
    return type?.result === undefined ? result : await asWhole(type.result, result);
  } finally {
    cancel();
    ended.abort();
  }
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
