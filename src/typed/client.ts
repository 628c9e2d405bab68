/** Typed functions to call a member of the lattice: by interface and function as WIT text has them, with the names of JavaScript. */
import type { ClientMethods } from "../channels/node.ts";
import type { FuncType, Interface, WitType } from "../core/wit.ts";
import type { WitDocument } from "../wire/wit-text.ts";
import type { CallFunction, RemoteClasses } from "./client-resources.ts";
import type { TypedParts } from "./serve.ts";

import { openCallChannel } from "../channels/callee.ts";
import { transferring } from "../channels/rpc.ts";
import { LatticeError } from "../core/error.ts";
import { entityId } from "../core/ids.ts";
import { within } from "../core/within.ts";
import { inSeveralVersions, withoutVersion } from "../core/wit.ts";
import { parseWit } from "../wire/wit-text.ts";
import { createInvoke } from "./client-calls.ts";
import { createRemoteClasses } from "./client-resources.ts";
import { exportsOf } from "./implementation.ts";
import { functionName, labelOf } from "./names.ts";
import { givenBack } from "./outcome.ts";
import { fromNode, toNode } from "./values.ts";

export interface ClientOptions {
  /** The name of the link by which the target is told that it was called; default `default`. */
  readonly linkName?: string;
  /** Only the exports of this world of the text; default: all its interfaces. */
  readonly world?: string;
  /** Ends the client, and the calls that run, when it aborts. */
  readonly signal?: AbortSignal;
}

/** What any client is. */
export interface AnyClient {
  readonly [name: string]: AnyClientObject;
}

export interface AnyClientObject {
  // oxlint-disable-next-line typescript/no-explicit-any -- of the types that the WIT text says, which TypeScript cannot read
  readonly [name: string]: any;
}

/** As `LatticeNode.client`. */
export async function client(
  { host, signal }: TypedParts,
  wit: string,
  wantedTarget: string,
  options: ClientOptions,
): Promise<object> {
  const document = parseWit(wit);
  const target = entityId(wantedTarget);
  const exports = exportsFor(document, options.world);
  options.signal?.throwIfAborted();

  const { port1, port2 } = new MessageChannel();
  const over = within(signal);
  const lifetime = over.signal;
  lifetime.addEventListener("abort", () => port1.close(), { once: true });
  const { begin, other } = openCallChannel<ClientMethods>(port1, lifetime, {});
  const world = { imports: new Map(), exports };
  await host.client(transferring({ target, world, port: port2 }, [port2]));
  const close = (): void => {
    other.close().catch(() => undefined); // nobody answers any more
    const reason = new LatticeError("aborted", "the client was closed by its signal");
    queueMicrotask(() => over.abort(reason)); // what was posted goes first
  };
  options.signal?.addEventListener("abort", close, { once: true, signal: lifetime });

  const { linkName: link = "default" } = options;
  const invoke = createInvoke({ begin, target, link, signal: lifetime });
  const homeOf = (instance: string, type: WitType): string => document.homes.get(type) ?? instance;
  const call: CallFunction = async (instance, func, type, given) => {
    const { params, result } = type;
    const label = labelOf(instance, func);
    demandCount(label, func, params, given);
    const args = params.map(({ name, type: of }, index) =>
      toNode(of, given[index], `${label}: ${name}`, (handle, object) =>
        classes.unwrap(homeOf(instance, handle), handle, object),
      ),
    );
    const [value] = await invoke(instance, func, type, args);
    if (result === undefined) return undefined;
    const back = fromNode(result, value, `${label}: result`, (handle, bytes) =>
      classes.wrap(homeOf(instance, handle), handle, bytes),
    );
    return givenBack(result, back);
  };
  const classes: RemoteClasses = createRemoteClasses({
    exports,
    call,
    drop(instance, resource, handle) {
      other.drop(instance, resource, handle).catch(() => undefined); // time ends it
    },
  });
  return objectOf(exports, call, classes);
}

/** All interfaces of the text and the root of its only world, or the exports of the world that is named. */
function exportsFor(
  document: WitDocument,
  world: string | undefined,
): ReadonlyMap<string, Interface> {
  if (world !== undefined) return exportsOf(document, world) ?? new Map();
  return new Map([...document.interfaces, ...(exportsOf(document, undefined) ?? [])]);
}

/** By interface, each also without its version where just one has that name; functions of the root beside them. */
function objectOf(
  exports: ReadonlyMap<string, Interface>,
  call: CallFunction,
  classes: RemoteClasses,
): object {
  const several = inSeveralVersions(exports.keys());
  const found: Record<string, unknown> = Object.create(null);
  for (const [instance, functions] of exports) {
    const object: Record<string, unknown> = instance === "" ? found : Object.create(null);
    for (const [func, type] of functions) {
      const name = functionName(func);
      if (name.kind === "plain") {
        object[name.name] = (...args: unknown[]) => call(instance, func, type, args);
      } else {
        const [, resource = ""] = /^\[[^\]]*\]([^.]*)/.exec(func) ?? [];
        object[name.resource] = classes.of(instance, resource);
      }
    }
    if (instance === "") continue;
    found[instance] = object;
    if (!several.has(instance)) found[withoutVersion(instance)] = object;
  }
  return found;
}

function demandCount(
  label: string,
  func: string,
  params: FuncType["params"],
  given: readonly unknown[],
): void {
  // The last ones may be left out where they may be `undefined`: their types say so.
  if (given.length <= params.length) return;
  const own = func.startsWith("[method]") ? 1 : 0;
  const names = params.slice(own).map(({ name }) => name);
  const wanted = names.length === 0 ? "none" : `${names.length} (${names.join(", ")})`;
  const error = `${label}: expected arguments: ${wanted}, met ${given.length - own}`;
  throw new LatticeError("bad-input", error);
}
