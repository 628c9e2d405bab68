/** What a person types to see some of the calls: words that must all fit, `target:orders func:get failed`. */
import type { WatchedCall } from "../../core/watched-calls.ts";

export type CallFilter = (call: WatchedCall) => boolean;

type Field = (call: WatchedCall) => string | undefined;

const FIELDS: Readonly<Record<string, Field>> = {
  target: ({ target }) => target,
  source: ({ source }) => source,
  func: ({ func }) => func,
  way: ({ way }) => way,
  trace: ({ traceparent }) => traceparent,
};

const OUTCOMES: Readonly<Record<string, CallFilter>> = {
  failed: ({ outcome }) => outcome !== "ok",
  ok: ({ outcome }) => outcome === "ok",
};

/** All calls for a text without words. A word that begins with `-` must not fit. */
export function filterOf(text: string): CallFilter {
  const tests = text.trim().toLowerCase().split(/\s+/).filter(Boolean).map(testOf);
  return (call) => tests.every((test) => test(call));
}

function testOf(word: string): CallFilter {
  if (word.length > 1 && word.startsWith("-")) {
    const test = testOf(word.slice(1));
    return (call) => !test(call);
  }
  if (Object.hasOwn(OUTCOMES, word)) return OUTCOMES[word] ?? (() => true);
  const [, name = "", wanted = ""] = /^([a-z]+):(.*)$/.exec(word) ?? [];
  const field = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
  if (field === undefined) return (call) => textOf(call).includes(word);
  return (call) => (field(call) ?? "").toLowerCase().includes(wanted);
}

/** Calls are looked at again with each update. */
const texts = new WeakMap<WatchedCall, string>();

function textOf(call: WatchedCall): string {
  let text = texts.get(call);
  if (text === undefined) {
    const { source, target, instance, func, id, way, traceparent, outcome, error } = call;
    const names = [source, target, instance, func, id, way, traceparent, outcome, error];
    const values = (call.args ?? []).flatMap((arg) => [arg.name, arg.text]);
    text = [...names, ...values, call.result].join("\n").toLowerCase();
    texts.set(call, text);
  }
  return text;
}
