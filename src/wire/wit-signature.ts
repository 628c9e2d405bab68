/** Function types in words: `func(name: string) -> result<string, u32>`, with named types spelled out. */
import type { FuncType, WitType } from "../core/wit.ts";
import { MAX_TYPE_DEPTH } from "./value-types.ts";

/**
 * Characters of a signature, more than any real interface needs. Types that use others many times over unfold to
 * more than memory holds, so a component could make one that never ends.
 */
const MAX_CHARACTERS = 64 * 1024;

/** The whole type of `func` as WIT writes it, but with inline records, variants, enums and flags. */
export function signature({ params, result, async }: FuncType): string {
  const parts = new Parts();
  parts.add(async === true ? "async func(" : "func(");
  parts.join(params, ({ name, type }) => parts.add(`${name}: `).type(type));
  parts.add(")");
  if (result !== undefined) parts.add(" -> ").type(result);
  return parts.text();
}

/** One type, in the same words. */
export function typeText(type: WitType): string {
  return new Parts().type(type).text();
}

/** Text in the making, which stops to grow at {@link MAX_CHARACTERS}. */
class Parts {
  readonly #parts: string[] = [];
  #room = MAX_CHARACTERS;
  #depth = 0;

  text(): string {
    return this.#parts.join("");
  }

  add(text: string): this {
    if (this.#room <= 0) return this;
    this.#room -= text.length;
    this.#parts.push(this.#room <= 0 ? "…" : text);
    return this;
  }

  join<T>(items: readonly T[], add: (item: T) => void): this {
    for (const [index, item] of items.entries()) {
      if (this.#room <= 0) break;
      if (index > 0) this.add(", ");
      add(item);
    }
    return this;
  }

  type(type: WitType): this {
    if (this.#room <= 0) return this;
    if (this.#depth === MAX_TYPE_DEPTH) return this.add("…");
    this.#depth++;
    this.#spell(type);
    this.#depth--;
    return this;
  }

  #spell(type: WitType): this {
    switch (type.kind) {
      case "list":
        return this.add("list<").type(type.element).add(">");
      case "option":
        return this.add("option<").type(type.some).add(">");
      case "result":
        return this.#result(type);
      case "tuple":
        return this.add("tuple<")
          .join(type.elements, (each) => this.type(each))
          .add(">");
      case "record":
        return this.#braces("record", type.fields, ({ name, type }) =>
          this.add(`${name}: `).type(type),
        );
      case "variant":
        return this.#braces("variant", type.cases, ({ name, type }) => {
          this.add(name);
          if (type !== undefined) this.add("(").type(type).add(")");
        });
      case "enum":
      case "flags":
        return this.#braces(type.kind, type.names, (name) => this.add(name));
      case "own":
      case "borrow":
        return this.add(`${type.kind}<${type.resource}>`);
      case "stream":
      case "future":
        this.add(type.kind);
        return type.element === undefined ? this : this.add("<").type(type.element).add(">");
      default:
        return this.add(type.kind);
    }
  }

  #result({ ok, err }: Extract<WitType, { kind: "result" }>): this {
    this.add("result");
    if (ok === undefined && err === undefined) return this;
    this.add("<");
    if (ok === undefined) this.add("_");
    else this.type(ok);
    if (err !== undefined) this.add(", ").type(err);
    return this.add(">");
  }

  #braces<T>(keyword: string, items: readonly T[], add: (item: T) => void): this {
    return this.add(`${keyword} { `).join(items, add).add(" }");
  }
}
