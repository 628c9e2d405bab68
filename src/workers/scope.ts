/**
 * Takes the worker's own powers away before generated code is loaded: network, storage, other workers, messages.
 *
 * The second of three walls (README.md). The first one is that guests get only what is in their imports; this one is for code
 * that the transpiler would wrongly write, since it runs with the rights of the worker.
 */

/** What this program and the glue use after setup, apart from the language itself. */
const KEPT: ReadonlySet<string> = new Set([
  "AbortController",
  "AbortSignal",
  "Blob",
  "DOMException",
  "Event",
  "EventTarget",
  "TextDecoder",
  "TextEncoder",
  "URL",
  "WebAssembly",
  "clearTimeout",
  "console",
  "crossOriginIsolated",
  "crypto",
  "isSecureContext",
  "performance",
  "queueMicrotask",
  "reportError",
  "self",
  "setTimeout",
  "structuredClone",
]);

/** What ECMAScript defines on the global object (ECMA-262, section 19, with `Temporal`). */
const LANGUAGE: ReadonlySet<string> = new Set(
  (
    "globalThis Infinity NaN undefined isFinite isNaN parseFloat parseInt decodeURI decodeURIComponent encodeURI " +
    "encodeURIComponent AggregateError Array ArrayBuffer AsyncDisposableStack Atomics BigInt BigInt64Array " +
    "BigUint64Array Boolean DataView Date DisposableStack Error EvalError FinalizationRegistry Float16Array " +
    "Float32Array Float64Array Int8Array Int16Array Int32Array Intl Iterator JSON Map Math Number Object Promise Proxy " +
    "RangeError ReferenceError Reflect RegExp Set SharedArrayBuffer String SuppressedError Symbol SyntaxError Temporal " +
    "TypeError URIError Uint8Array Uint8ClampedArray Uint16Array Uint32Array WeakMap WeakRef WeakSet escape unescape"
  ).split(" "),
);

type Method = (this: unknown, ...args: readonly unknown[]) => unknown;

/** Replaces the method `name` of `holder`, if it has one of its own. */
function wrap(holder: object, name: string, wrapped: (native: Method) => Method): void {
  const native: unknown = Object.getOwnPropertyDescriptor(holder, name)?.value;
  if (typeof native !== "function") return;
  const method: Method = function (...args) {
    return Reflect.apply(native, this, args);
  };
  Object.defineProperty(holder, name, { value: wrapped(method), writable: false });
}

/** Timers take text as well, and evaluate it. */
function functionsOnly(native: Method): Method {
  return function (run, ...rest) {
    if (typeof run !== "function") throw new TypeError("a timer takes a function");
    return Reflect.apply(native, this, [run, ...rest]);
  };
}

/** Borrowed from the prototype, the methods of event targets would reach the worker's messages. */
function except(scope: object): (native: Method) => Method {
  return (native) =>
    function (...args) {
      // Without a target it is the global object.
      if (this === undefined || this === null || this === scope) {
        throw new TypeError("the worker's own events are out of reach");
      }
      return Reflect.apply(native, this, args);
    };
}

/** Leaves only the language and {@link KEPT} in `scope`; also `eval` and `Function` go. */
export function strip(scope: object): void {
  // Event targets keep their methods for abort signals; the scope's own are hidden.
  for (const name of Object.getOwnPropertyNames(EventTarget.prototype)) {
    if (name === "constructor") continue;
    Object.defineProperty(scope, name, { value: undefined });
    wrap(EventTarget.prototype, name, except(scope));
  }
  for (let holder: object | null = scope; holder !== null && holder !== EventTarget.prototype;) {
    wrap(holder, "setTimeout", functionsOnly);
    for (const name of Object.getOwnPropertyNames(holder)) {
      if (KEPT.has(name) || LANGUAGE.has(name) || name === "constructor") continue;
      // Never the platform's: what build and test tools put there for the modules that they rewrote.
      if (name.startsWith("__")) continue;
      if (Reflect.deleteProperty(holder, name)) continue;
      // What cannot be deleted may still be overwritten.
      Reflect.set(holder, name, undefined);
    }
    holder = Reflect.getPrototypeOf(holder);
  }
  const makers = [() => undefined, async () => undefined, function* () {}, async function* () {}];
  for (const maker of makers) {
    const prototype: unknown = Reflect.getPrototypeOf(maker);
    if (typeof prototype !== "function" && typeof prototype !== "object") continue;
    if (prototype !== null) Object.defineProperty(prototype, "constructor", { value: undefined });
  }
}
