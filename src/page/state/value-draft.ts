/**
 * Drafts: what a person has made of a form for a value of some WIT type, and the WAVE text that it stands for. Pure.
 *
 * The text is what `callText` takes, and what a command has: one form of a value for all.
 */
import type { Case, WitType } from "../../core/wit.ts";

/** What stands in the controls of one value. Its form follows the type; `wave`: the value is written by hand. */
export type Draft =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "bool"; readonly on: boolean }
  /** Of enum, variant, option and result: the case, and its payload if it has one. */
  | { readonly kind: "case"; readonly name: string; readonly payload?: Draft }
  | { readonly kind: "flags"; readonly names: readonly string[] }
  /** Of list, tuple and record, in their order. */
  | { readonly kind: "items"; readonly items: readonly Draft[] }
  /** Of `list<u8>`. */
  | { readonly kind: "bytes"; readonly as: "text" | "hex"; readonly text: string }
  | { readonly kind: "wave"; readonly text: string };

/** Where a draft lies in another: indexes of items, 0 for a payload. */
export type DraftPath = readonly number[];

/** A form of more controls than this would be no help: what is beyond is written by hand. */
const MOST_CONTROLS = 200;
const MOST_DEPTH = 12;

/** The cases of what is chosen from. */
export function casesOf(type: WitType): readonly Case[] {
  switch (type.kind) {
    case "enum":
      return type.names.map((name) => ({ name }));
    case "variant":
      return type.cases;
    case "option":
      return [{ name: "none" }, { name: "some", type: type.some }];
    case "result":
      return [
        { name: "ok", ...(type.ok && { type: type.ok }) },
        { name: "err", ...(type.err && { type: type.err }) },
      ];
    default:
      return [];
  }
}

/** What a form opens with. */
export function emptyDraft(type: WitType): Draft {
  return draftWithin(type, { left: MOST_CONTROLS }, 0);
}

/** Counts controls: types that use others many times over unfold to more than memory holds. */
interface Room {
  left: number;
}

function draftWithin(type: WitType, room: Room, depth: number): Draft {
  room.left--;
  if (room.left < 0 || depth > MOST_DEPTH) return { kind: "wave", text: "" };
  const inner = (part: WitType): Draft => draftWithin(part, room, depth + 1);
  switch (type.kind) {
    case "bool":
      return { kind: "bool", on: false };
    case "flags":
      return { kind: "flags", names: [] };
    case "list":
      return type.element.kind === "u8"
        ? { kind: "bytes", as: "text", text: "" }
        : { kind: "items", items: [] };
    case "tuple":
      return { kind: "items", items: type.elements.map(inner) };
    case "record":
      return { kind: "items", items: type.fields.map((field) => inner(field.type)) };
    case "enum":
    case "variant":
    case "option":
    case "result": {
      const [first] = casesOf(type);
      if (first === undefined) return { kind: "wave", text: "" };
      return chosen(first, inner);
    }
    case "own":
    case "borrow":
    case "stream":
    case "future":
      return { kind: "wave", text: "" };
    default:
      return { kind: "text", text: "" };
  }
}

/** The draft of another case. */
export function choose(type: WitType, name: string): Draft {
  const found = casesOf(type).find((each) => each.name === name);
  return found === undefined ? emptyDraft(type) : chosen(found, emptyDraft);
}

function chosen({ name, type }: Case, inner: (type: WitType) => Draft): Draft {
  return type === undefined ? { kind: "case", name } : { kind: "case", name, payload: inner(type) };
}

/** `draft` with what lies at `path` replaced. A path that leads nowhere changes nothing. */
export function replaceAt(draft: Draft, path: DraftPath, next: Draft): Draft {
  const [first, ...rest] = path;
  if (first === undefined) return next;
  if (draft.kind === "items") {
    const items = draft.items.map((item, at) =>
      at === first ? replaceAt(item, rest, next) : item,
    );
    return { kind: "items", items };
  }
  if (draft.kind === "case" && draft.payload !== undefined) {
    return { ...draft, payload: replaceAt(draft.payload, rest, next) };
  }
  return draft;
}

/** How `path` is written as a key of problems and an id of controls. */
export const pathKey = (path: DraftPath): string => path.join("-");

/** Whether a value of `type` can only be written by hand, and why. */
export function byHandOnly({ kind }: WitType): string | undefined {
  switch (kind) {
    case "own":
    case "borrow":
      return "a handle: the bytes that its owner gave, as a list";
    case "stream":
      return "a stream: its contents as a list";
    case "future":
      return "a future: its value";
    default:
      return undefined;
  }
}
