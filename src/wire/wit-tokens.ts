/** WIT text as tokens, read one at a time; errors name line and column. */
import { LatticeError } from "../core/error.ts";

/** `id`: a name or keyword; `mark`: punctuation or a number; `end`: no text is left. */
export interface Token {
  readonly kind: "id" | "mark" | "end";
  /** Without the `%` of an escaped name. */
  readonly text: string;
  /** `%type`: a name even where the word is a keyword. */
  readonly escaped: boolean;
  readonly at: number;
}

const BLANK = /(?:\s+|\/\/[^\n]*)+/y;
const ID = /%?[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*/y;
const MARK = /->|\d+|[{}()<>,:;=./@_]/y;
const VERSION =
  /\d+\.\d+\.\d+(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?/y;
/** Words of one case each, joined by hyphens. */
const NAME = /^(?:[a-z][a-z0-9]*|[A-Z][A-Z0-9]*)(?:-(?:[a-z0-9]+|[A-Z0-9]+))*$/;

export class WitTokens {
  readonly #text: string;
  #at = 0;
  #next: Token | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  /** The token that {@link take} will give. */
  peek(): Token {
    this.#next ??= this.#read();
    return this.#next;
  }

  take(): Token {
    const token = this.peek();
    this.#next = undefined;
    return token;
  }

  /** Takes the next token if it is `text`, not escaped. */
  takes(text: string): boolean {
    if (!this.is(text)) return false;
    this.take();
    return true;
  }

  /** Whether the next token is `text`, not escaped. */
  is(text: string): boolean {
    const next = this.peek();
    return next.text === text && next.kind !== "end" && !next.escaped;
  }

  /** Takes the next token, which must be `text`. */
  expect(text: string): Token {
    if (!this.is(text)) return this.fail(`expected "${text}"`);
    return this.take();
  }

  /** Takes a name. */
  name(what: string): Token {
    const token = this.peek();
    if (token.kind !== "id") return this.fail(`expected ${what}`);
    if (!NAME.test(token.text)) {
      return this.fail(
        `"${token.text}" is no name: wanted words of one case, joined by hyphens`,
        token.at,
      );
    }
    return this.take();
  }

  /** Takes a semantic version, which is no token elsewhere. */
  version(): string {
    const start = this.peek().at;
    const version = this.#match(VERSION, start);
    if (version === undefined) return this.fail("expected a version like 1.0.0");
    this.#at = start + version.length;
    this.#next = undefined;
    return version;
  }

  /** @throws {LatticeError} always: `bad-message`, or `unsupported` if so told. */
  fail(problem: string, at?: number, code: "bad-message" | "unsupported" = "bad-message"): never {
    const where = at ?? this.peek().at;
    const before = this.#text.slice(0, where).split("\n");
    const place = `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
    const met = at === undefined ? `, met ${this.#describe(this.peek())}` : "";
    throw new LatticeError(code, `WIT, ${place}: ${problem}${met}`);
  }

  #describe({ kind, text }: Token): string {
    return kind === "end" ? "the end of the text" : `"${text}"`;
  }

  #read(): Token {
    this.#skipBlanks();
    const at = this.#at;
    if (at === this.#text.length) return { kind: "end", text: "", escaped: false, at };
    const id = this.#match(ID, at);
    const mark = id === undefined ? this.#match(MARK, at) : undefined;
    const text = id ?? mark;
    if (text === undefined) {
      return this.fail(
        `"${String.fromCodePoint(this.#text.codePointAt(at) ?? 0)}" has no meaning here`,
        at,
      );
    }
    this.#at = at + text.length;
    const escaped = text.startsWith("%");
    return {
      kind: id === undefined ? "mark" : "id",
      text: escaped ? text.slice(1) : text,
      escaped,
      at,
    };
  }

  #skipBlanks(): void {
    for (;;) {
      this.#at += this.#match(BLANK, this.#at)?.length ?? 0;
      if (!this.#text.startsWith("/*", this.#at)) return;
      this.#skipBlockComment();
    }
  }

  /** Block comments contain others. */
  #skipBlockComment(): void {
    const start = this.#at;
    let depth = 0;
    const edge = /\/\*|\*\//g;
    edge.lastIndex = start;
    do {
      const found = edge.exec(this.#text);
      if (found === null) return this.fail("this comment does not end", start);
      depth += found[0] === "/*" ? 1 : -1;
    } while (depth > 0);
    this.#at = edge.lastIndex;
  }

  #match(pattern: RegExp, at: number): string | undefined {
    pattern.lastIndex = at;
    return pattern.exec(this.#text)?.[0];
  }
}
