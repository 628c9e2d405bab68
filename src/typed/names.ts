/** What functions of WIT are called in JavaScript, as jco has it: `keyValue` of `key-value`, `Bucket` of the resource `bucket`. */
import { camelCase, withoutVersion } from "../core/wit.ts";

export type FunctionName =
  | { readonly kind: "plain"; readonly name: string }
  | { readonly kind: "constructor"; readonly resource: string }
  | { readonly kind: "method" | "static"; readonly resource: string; readonly name: string };

/** `func`: a component-level name, `[method]bucket.get`. All names that it gives are those of JavaScript. */
export function functionName(func: string): FunctionName {
  const [, kind, resource = "", name = ""] =
    /^\[(constructor|method|static)\]([^.]*)\.?(.*)$/.exec(func) ?? [];
  if (kind === "constructor") return { kind, resource: className(resource) };
  if (kind === "method" || kind === "static") {
    return { kind, resource: className(resource), name: camelCase(name) };
  }
  return { kind: "plain", name: camelCase(func) };
}

/** `ByteBucket` of `byte-bucket`. */
export function className(resource: string): string {
  const name = camelCase(resource);
  return name.slice(0, 1).toUpperCase() + name.slice(1);
}

/** How a function is named in messages: `demo:api/store#bucket.get`. */
export function labelOf(instance: string, func: string): string {
  const name = func.replace(/^\[constructor\](.*)$/, "new $1").replace(/^\[[^\]]*\]/, "");
  return instance === "" ? name : `${instance}#${name}`;
}

/** What is meant by `name` among `names`, which may have left out the version where only one is there. */
export function findByName<T>(names: ReadonlyMap<string, T>, name: string): string | undefined {
  if (names.has(name)) return name;
  const fitting = [...names.keys()].filter((each) => withoutVersion(each) === name);
  return fitting.length === 1 ? fitting[0] : undefined;
}
