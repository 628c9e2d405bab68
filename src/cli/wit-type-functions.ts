/** Functions and resources of WIT interfaces as TypeScript declares them, for who serves and for clients (`typed/`). */
import type { FuncType, Interface } from "../core/wit.ts";
import type { At, Helper, Side, TypeTexts } from "./wit-type-texts.ts";

import { camelCase } from "../core/wit.ts";
import { functionName } from "../typed/names.ts";
import { memberName, NameSet, parameterName } from "./wit-type-names.ts";
import { mayBeLeftOut } from "./wit-type-texts.ts";

export interface FunctionTexts {
  /** Members of an interface's object: its functions, and the class `classes` has for each resource. */
  members(
    functions: Interface,
    owner: string,
    side: Side,
    classes: ReadonlyMap<string, string>,
  ): readonly string[];
  /** The declarations of the instances of a resource, `name`, and of its class if that is called anything. */
  resource(parts: ResourceParts, side: Side): readonly string[];
}

export interface ResourceParts {
  /** As WIT has it. */
  readonly resource: string;
  readonly owner: string;
  /** All functions of the interface. */
  readonly functions: Interface;
  /** Of instances, and of the class. */
  readonly name: string;
  readonly className: string | undefined;
}

export function createFunctionTexts(
  texts: TypeTexts,
  needs: (helper: Helper | "ServedCall") => void,
): FunctionTexts {
  const params = ({ params: all }: FuncType, owner: string, side: Side, skip: number): string => {
    const at: At = { owner, side, way: side === "Served" ? "given" : "taken" };
    const used = new NameSet();
    const own = all.slice(skip);
    const lastWanted = own.findLastIndex(({ type }) => !mayBeLeftOut(type));
    const written = own.map(({ name, type }, index) => {
      const mark = side === "Client" && index > lastWanted ? "?" : "";
      return `${parameterName(camelCase(name), used)}${mark}: ${texts.refer(type, at)}`;
    });
    if (side === "Served") {
      needs("ServedCall");
      written.push(`${parameterName("context", used)}: ServedCall`);
    }
    return `(${written.join(", ")})`;
  };

  /** What is returned for `ok`, and thrown for `err`. */
  const result = ({ result: type }: FuncType, owner: string, side: Side): string => {
    const at: At = { owner, side, way: side === "Served" ? "taken" : "given" };
    const value = texts.awaited(type?.kind === "result" ? type.ok : type, at);
    if (side === "Client") return `Promise<${value}>`;
    needs("Awaitable");
    return `Awaitable<${value}>`;
  };

  const note = ({ result: type }: FuncType, owner: string, side: Side): readonly string[] => {
    if (type?.kind !== "result") return [];
    const at: At = { owner, side, way: side === "Served" ? "taken" : "given" };
    const payload =
      type.err === undefined ? "without a payload" : `of \`${texts.refer(type.err, at)}\``;
    return [`/** @throws {ComponentError} ${payload} */`];
  };

  return {
    members(functions, owner, side, classes) {
      // Names that become one in camelCase are one function.
      const found = new Map<string, readonly string[]>();
      for (const [func, type] of functions) {
        const name = functionName(func);
        if (name.kind !== "plain") continue;
        const member = memberName(name.name);
        const head = params(type, owner, side, 0);
        const gives = result(type, owner, side);
        // Methods of a program may want its own classes, which have more than the text says.
        const text =
          side === "Served"
            ? `${member}${head}: ${gives};`
            : `readonly ${member}: ${head} => ${gives};`;
        found.set(name.name, [...note(type, owner, side), text]);
      }
      for (const [name, text] of classes) {
        found.set(name, [`readonly ${memberName(name)}: ${text};`]);
      }
      return [...found.values()].flat();
    },

    resource({ resource, owner, functions, name, className }, side) {
      const methods = new Map<string, readonly string[]>();
      const statics = new Map<string, readonly string[]>();
      let construct: readonly string[] | undefined;
      for (const [func, type] of functions) {
        if (!func.startsWith("[") || resourceOf(func) !== resource) continue;
        const member = functionName(func);
        if (member.kind === "plain") continue;
        const isMethod = member.kind === "method";
        const head = params(type, owner, side, isMethod ? 1 : 0);
        const above = note(type, owner, side);
        if (member.kind === "constructor") {
          construct = [...above, `new ${head}: ${side === "Client" ? `Promise<${name}>` : name};`];
          continue;
        }
        const text = `${memberName(member.name)}${head}: ${result(type, owner, side)};`;
        (isMethod ? methods : statics).set(member.name, [...above, text]);
      }
      // Whoever has no constructor may be made in any way, or in none.
      const made = construct ?? (statics.has("prototype") ? [] : [`readonly prototype: ${name};`]);
      const dispose = `[Symbol.dispose]${side === "Client" ? "(): void" : "?(): unknown"};`;
      const instance = block(`export interface ${name}`, [
        ...[...methods.values()].flat(),
        dispose,
      ]);
      const head = `/** An instance of the resource \`${resource}\`. */`;
      if (className === undefined) return [head, ...instance];
      const members = [...made, ...[...statics.values()].flat()];
      return [head, ...instance, "", ...block(`export interface ${className}`, members)];
    },
  };
}

/** `bucket` of `[method]bucket.get`. */
function resourceOf(func: string): string | undefined {
  return /^\[[^\]]*\]([^.]*)/.exec(func)?.[1];
}

/** `body` within braces. */
export function block(head: string, body: readonly string[]): readonly string[] {
  if (body.length === 0) return [`${head} {}`];
  return [`${head} {`, ...body.map((line) => (line === "" ? "" : `  ${line}`)), "}"];
}

/** With an empty line between. */
export function apart(parts: readonly (readonly string[])[]): readonly string[] {
  return parts
    .filter((part) => part.length > 0)
    .flatMap((part, index) => (index === 0 ? part : ["", ...part]));
}
