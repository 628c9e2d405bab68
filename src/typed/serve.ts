/** Functions of a program as a provider of the lattice: typed by WIT text, called in the program's own realm. */
import type { NodeMethods, ServedMethods, ServingMethods } from "../channels/node.ts";
import type { Call, Callee } from "../core/call.ts";
import type { WitValue } from "../core/wit.ts";
import type { Implementation, ServedFunction } from "./implementation.ts";
import type { Instances } from "./instances.ts";

import { openCallChannel } from "../channels/callee.ts";
import { transferring } from "../channels/rpc.ts";
import { LatticeError, ownMessageOf } from "../core/error.ts";
import { within } from "../core/within.ts";
import { handlesIn } from "../wire/type-parts.ts";
import { parseWit } from "../wire/wit-text.ts";
import { readImplementation } from "./implementation.ts";
import { createInstances } from "./instances.ts";
import { endingOf, resultOf } from "./outcome.ts";
import { fromNode, toNode } from "./values.ts";

export interface ServeOptions {
  /** The id by which the lattice calls and links it. */
  readonly id: string;
  /** Calls that may run at once; default 100. As many as a component's wait in line. */
  readonly maxInstances?: number;
  /** The world whose exports are served, where the text has several. */
  readonly world?: string;
  /** The link name that it serves; default `default`. */
  readonly linkName?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Ends it when it aborts. */
  readonly signal?: AbortSignal;
}

/** What a served function is told of a call, as its last parameter. */
export interface ServedCall {
  /** Aborts when nobody waits for the results, or for what still flows in them, any more. */
  readonly signal: AbortSignal;
  /** The id of who calls, as far as it says; nobody vouches for it. */
  readonly caller: string | undefined;
  /** The name of the link by which the caller has come. */
  readonly linkName: string;
}

/** Something that is served, until it is disposed of, or is stopped by the lattice. */
export interface Served extends AsyncDisposable {
  readonly id: string;
  /** Resolves when it is served no more. */
  readonly ended: Promise<void>;
}

/** What any program may give to be served. */
export interface Implementations {
  readonly [name: string]: ServedObject | ServedFunctionOfAnyType;
}

export interface ServedObject {
  readonly [name: string]: ServedFunctionOfAnyType | (abstract new (...args: never[]) => object);
}

// oxlint-disable-next-line typescript/no-explicit-any -- parameters are of the types that the WIT text says, which TypeScript cannot read
export type ServedFunctionOfAnyType = (...args: any[]) => unknown;

/** What {@link serve} works with: the node, and what failures are told to. */
export interface TypedParts {
  readonly host: Pick<NodeMethods, "serve" | "client">;
  /** The node's end. */
  readonly signal: AbortSignal;
  /** Tells the page's author, and nobody else, why a function failed. */
  readonly report: (message: string, cause: unknown) => void;
}

const MOST_AT_ONCE = 100;

/** As `LatticeNode.serve`. */
export async function serve(
  { host, signal, report }: TypedParts,
  wit: string,
  options: ServeOptions,
  given: object,
): Promise<Served> {
  const { id, maxInstances = MOST_AT_ONCE, world, linkName, annotations = {} } = options;
  if (!Number.isSafeInteger(maxInstances) || maxInstances < 1) {
    throw new LatticeError(
      "bad-input",
      `maxInstances is ${maxInstances}; it must be a number above 0`,
    );
  }
  options.signal?.throwIfAborted();
  const implementation = readImplementation(parseWit(wit), given, world);
  const instances = hasResources(implementation)
    ? createInstances({
        name: id,
        now: () => performance.now(),
        after(ms, run) {
          const timer = setTimeout(run, ms);
          return () => clearTimeout(timer);
        },
        failed: (cause) => report(`inlay: a resource of ${id} could not be disposed of`, cause),
      })
    : undefined;

  const { port1, port2 } = new MessageChannel();
  const over = within(signal);
  const lifetime = over.signal;
  const ended = new Promise<void>((resolve) => {
    lifetime.addEventListener(
      "abort",
      () => {
        instances?.end();
        port1.close();
        resolve();
      },
      { once: true },
    );
  });
  const methods: ServingMethods = {
    drop: async (handle) => instances?.drop(handle),
    ping: () => Promise.resolve(),
    async stopped() {
      // The answer goes first.
      setTimeout(() => over.abort(new LatticeError("closed", `${id} is served no more`)), 0);
    },
  };
  const callee = calleeOf(implementation, instances, report);
  const { other } = openCallChannel<ServedMethods>(port1, lifetime, { callee, methods });
  try {
    const request = {
      id,
      world: { imports: new Map(), exports: implementation.exports },
      ...(instances === undefined ? {} : { place: instances.place }),
      maxInstances,
      ...(linkName === undefined ? {} : { linkName }),
      annotations,
      port: port2,
    };
    await host.serve(transferring(request, [port2]));
  } catch (cause) {
    over.abort(cause);
    throw cause;
  }
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> =>
    (stopping ??= other
      .stop()
      .catch(() => undefined) // it has ended, or the node has
      .then(() => over.abort(new LatticeError("closed", `${id} was disposed of`))));
  options.signal?.addEventListener("abort", () => void stop(), { once: true, signal: lifetime });
  if (options.signal?.aborted === true) void stop();
  return { id, ended, [Symbol.asyncDispose]: stop };
}

function hasResources({ exports }: Implementation): boolean {
  for (const functions of exports.values()) {
    for (const { params, result } of functions.values()) {
      const types = [...params.map(({ type }) => type), ...(result === undefined ? [] : [result])];
      if (handlesIn(types).length > 0) return true;
    }
  }
  return false;
}

/** What calls the functions of `implementation`. */
function calleeOf(
  implementation: Implementation,
  instances: Instances | undefined,
  report: TypedParts["report"],
): Callee {
  return {
    async invoke(call) {
      const { instance, func } = call;
      const served = implementation.functions.get(instance)?.get(func);
      if (served === undefined) {
        throw new LatticeError("not-found", `${call.target} has no function ${instance}#${func}`);
      }
      return run(implementation, instances, served, call, report);
    },
  };
}

async function run(
  { classOf }: Implementation,
  instances: Instances | undefined,
  { label, type, run: runIt }: ServedFunction,
  call: Call,
  report: TypedParts["report"],
): Promise<readonly WitValue[]> {
  const { params, result } = type;
  const { instance, source, signal, link } = call;
  const handles = instances?.forCall(source);
  try {
    const args = params.map(({ name, type: of }, index) =>
      fromNode(of, call.args[index], `${label}: ${name}`, (handle, value) =>
        handles?.take(classOf(instance, handle), handle, value),
      ),
    );
    handles?.begin();
    const context: ServedCall = { signal, caller: source, linkName: link };
    const ending = await endingOf(result, () => runIt([...args, context]));
    signal.throwIfAborted();
    const value = told(report, label, `${label} failed: `, () => resultOf(result, ending));
    if (result === undefined) return [];
    const given = told(report, label, "", () =>
      toNode(
        result,
        value,
        `${label}: result`,
        (handle, object) => handles?.give(classOf(instance, handle), handle, object),
        (cause) => report(`inlay: what ${label} gave broke off`, cause),
      ),
    );
    return [given];
  } finally {
    handles?.end();
  }
}

/** What `step` gives. Its failure is told to the page, and is the call's in its own words: nothing of where that was. */
function told<T>(report: TypedParts["report"], label: string, prefix: string, step: () => T): T {
  try {
    return step();
  } catch (cause) {
    report(`inlay: ${label} failed`, cause);
    throw new LatticeError("guest-trapped", prefix + ownMessageOf(cause));
  }
}
