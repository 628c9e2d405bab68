/**
 * Calls between two realms: {@link remote} gives the other side's methods as functions that return promises,
 * {@link answer} lets the other side call ours. Both may share one port.
 *
 * A call is one message each way; messages of one turn of the event loop travel together. Errors cross as
 * `{ code, message, stack }` and come back as `LatticeError`. A call whose last argument is an `AbortSignal` ends when
 * that aborts: at once here, and by the abort of the signal which the method gets in its place there.
 */
import type { ErrorCode } from "../core/error.ts";
import type { Port } from "./port.ts";

import { asLatticeError, LatticeError } from "../core/error.ts";
import { Transferring } from "./port.ts";

export { transferring } from "./port.ts";
export type { Port } from "./port.ts";

/** `hasSignal`: the caller's last argument was a signal; the method gets one of this side there. */
type CallMessage = readonly [
  tag: "call",
  id: number,
  method: string,
  args: readonly unknown[],
  hasSignal: boolean,
];
type CancelMessage = readonly [tag: "cancel", id: number];
type DoneMessage = readonly [tag: "done", id: number, value: unknown];
type FailedMessage = readonly [tag: "failed", id: number, error: PlainError];
type Message = CallMessage | CancelMessage | DoneMessage | FailedMessage;

interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly stack: string | undefined;
}

export interface RemoteOptions {
  /** Methods to post at once, with what waits before them, instead of at the end of the turn; for callers that block. */
  readonly immediate?: (method: string) => boolean;
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * The methods of the other side. Calls reject with `signal`'s reason once it aborts, and with `worker-lost` when the
 * port is closed. Attach it in the same turn as {@link answer}, or early messages of a `MessagePort` are missed.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names the other side
export function remote<T extends object>(
  port: Port,
  signal: AbortSignal,
  options: RemoteOptions = {},
): T {
  const pending = new Map<number, Pending>();
  const { send, flush } = outbox(port);
  let lastId = 0;
  const lose = (reason: unknown): void => {
    const lost = Array.from(pending.values());
    pending.clear();
    for (const { reject } of lost) reject(reason);
  };
  const hear = (message: Message): void => {
    if (message[0] !== "done" && message[0] !== "failed") return;
    const call = pending.get(message[1]);
    if (call === undefined) return; // cancelled here in the meantime
    pending.delete(message[1]);
    if (message[0] === "done") call.resolve(message[2]);
    else call.reject(revive(message[2]));
  };
  const invoke = async (method: string, given: readonly unknown[]): Promise<unknown> => {
    signal.throwIfAborted();
    const last = given.at(-1);
    const caller = last instanceof AbortSignal ? last : undefined;
    caller?.throwIfAborted();
    const id = ++lastId;
    const { args, buffers } = unwrap(caller === undefined ? given : given.slice(0, -1));
    const settled = caller === undefined ? undefined : new AbortController();
    try {
      return await new Promise((resolve, reject) => {
        pending.set(id, { resolve, reject });
        const giveUp = (): void => {
          send(["cancel", id]);
          reject(caller?.reason);
        };
        if (settled) caller?.addEventListener("abort", giveUp, { signal: settled.signal });
        send(["call", id, method, args, caller !== undefined], buffers, reject);
        if (options.immediate?.(method) === true) flush();
      });
    } finally {
      pending.delete(id);
      settled?.abort();
    }
  };
  listen(port, signal, hear, lose);
  signal.addEventListener("abort", () => lose(signal.reason), { once: true });
  const methods = new Map<string, (...args: unknown[]) => Promise<unknown>>();
  const proxy = new Proxy(Object.create(null), {
    get(_, name) {
      // A promise that resolves with a remote asks it for `then`.
      if (typeof name !== "string" || name === "then") return undefined;
      let method = methods.get(name);
      if (method === undefined) {
        method = (...args) => invoke(name, args);
        methods.set(name, method);
      }
      return method;
    },
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each property of T is a method of the other side
  return proxy as T;
}

/** Lets the other side of `port` call `methods` until `signal` aborts, which also aborts the signals of running calls. */
export function answer(port: Port, methods: object, signal: AbortSignal): void {
  const { send } = outbox(port);
  const running = new Map<number, AbortController>();
  const hear = (message: Message): void => {
    if (message[0] === "cancel") {
      running.get(message[1])?.abort(new LatticeError("aborted", "the caller gave up"));
      return;
    }
    if (message[0] === "call") run(message);
  };
  const run = ([, id, name, args, hasSignal]: CallMessage): void => {
    let outcome: unknown;
    try {
      const method = methodOf(methods, name);
      outcome = hasSignal ? method(...args, started(id)) : method(...args);
    } catch (thrown) {
      return fail(id, thrown);
    }
    if (!isThenable(outcome)) return succeed(id, outcome);
    outcome.then(
      (value) => succeed(id, value),
      (thrown: unknown) => fail(id, thrown),
    );
  };
  const started = (id: number): AbortSignal => {
    const ended = new AbortController();
    running.set(id, ended);
    return ended.signal;
  };
  const succeed = (id: number, result: unknown): void => {
    running.delete(id);
    const marked = result instanceof Transferring;
    const value: unknown = marked ? result.value : result;
    send(["done", id, value], marked ? result.buffers : [], (thrown) => fail(id, thrown));
  };
  const fail = (id: number, thrown: unknown): void => {
    running.delete(id);
    send(["failed", id, plain(thrown)]);
  };
  const end = (): void => {
    for (const ended of running.values()) ended.abort(signal.reason);
    running.clear();
  };
  listen(port, signal, hear, end);
  signal.addEventListener("abort", end, { once: true });
}

type Send = (
  message: Message,
  transfer?: readonly Transferable[],
  /** Told when the message cannot be cloned; nothing was sent then. */
  onUnsendable?: (reason: unknown) => void,
) => void;

/** Gathers the messages of one turn into one post; `flush` posts them before its end. */
function outbox(port: Port): { readonly send: Send; readonly flush: () => void } {
  let waiting: Parameters<Send>[] = [];
  const flush = (): void => {
    const posts = waiting;
    waiting = [];
    if (posts.length === 0) return;
    try {
      port.postMessage(
        posts.map(([message]) => message),
        posts.flatMap(([, transfer = []]) => transfer),
      );
    } catch (cause) {
      // One that cannot be cloned must not take the others with it; nothing has been transferred yet.
      if (posts.length > 1) for (const post of posts) postAlone(...post);
      else posts[0]?.[2]?.(unsendable(cause));
    }
  };
  const postAlone: Send = (message, transfer = [], onUnsendable) => {
    try {
      port.postMessage([message], [...transfer]);
    } catch (cause) {
      onUnsendable?.(unsendable(cause));
    }
  };
  return {
    flush,
    send(...post) {
      if (waiting.push(post) === 1) queueMicrotask(flush);
    },
  };
}

function unsendable(cause: unknown): LatticeError {
  return new LatticeError("bad-input", "the value cannot cross to another worker", { cause });
}

function listen(
  port: Port,
  signal: AbortSignal,
  hear: (message: Message) => void,
  lose: (reason: LatticeError) => void,
): void {
  const options = { signal };
  const receive = ({ data }: MessageEvent<unknown>): void => {
    if (!Array.isArray(data)) return; // not of this protocol
    try {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both ends of the port run this file, or else are lost
      for (const message of data as readonly Message[]) hear(message);
    } catch (cause) {
      // Generated code lives at the other end of some ports: what it may send must hurt nobody but itself.
      lose(new LatticeError("worker-lost", "a message from another worker has no form", { cause }));
    }
  };
  port.addEventListener("message", receive, options);
  port.addEventListener(
    "messageerror",
    () => lose(new LatticeError("worker-lost", "a message between workers could not be read")),
    options,
  );
  port.addEventListener(
    "close",
    () => lose(new LatticeError("worker-lost", "the other side of the channel is gone")),
    options,
  );
  port.start?.();
}

function unwrap(given: readonly unknown[]): {
  readonly args: readonly unknown[];
  readonly buffers: readonly Transferable[];
} {
  if (!given.some((arg) => arg instanceof Transferring)) return { args: given, buffers: [] };
  const buffers: Transferable[] = [];
  const args = given.map((arg): unknown => {
    if (!(arg instanceof Transferring)) return arg;
    buffers.push(...arg.buffers);
    return arg.value;
  });
  return { args, buffers };
}

/** Own functions only, so that no name reaches what objects inherit. */
function methodOf(methods: object, name: string): (...args: readonly unknown[]) => unknown {
  const method: unknown = Object.hasOwn(methods, name) ? Reflect.get(methods, name) : undefined;
  if (typeof method !== "function") {
    throw new LatticeError("internal", `the channel has no method "${name}"`);
  }
  return (...args): unknown => Reflect.apply(method, methods, args);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    "then" in value &&
    typeof value.then === "function"
  );
}

function plain(thrown: unknown): PlainError {
  const { code, message, stack } = asLatticeError(thrown);
  return { code, message, stack };
}

function revive({ code, message, stack }: PlainError): LatticeError {
  const error = new LatticeError(code, message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
