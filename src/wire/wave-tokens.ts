/** The text of a WAVE or JSON value, read piece by piece. */
import { LatticeError } from "../core/error.ts";

const BLANK = /(?:\s|\/\/[^\n]*)+/y;
/** Names, numbers and unquoted text. */
const WORD = /[^\s,(){}[\]"':]+/y;

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ...[`"`, "'", "\\", "/"].map((char) => [char, char] as const),
  ["t", "\t"] as const,
  ["n", "\n"] as const,
  ["r", "\r"] as const,
  ["b", "\b"] as const,
  ["f", "\f"] as const,
]);

export class WaveTokens {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Where the next thing begins. */
  get at(): number {
    this.peek();
    return this.#at;
  }

  /** The next character behind blanks and comments; empty at the end. */
  peek(): string {
    this.#at += this.#match(BLANK)?.length ?? 0;
    return this.#text.charAt(this.#at);
  }

  /** Takes the next character if it is `mark`. */
  takes(mark: string): boolean {
    if (this.peek() !== mark) return false;
    this.#at++;
    return true;
  }

  expect(mark: string): void {
    if (!this.takes(mark)) this.fail(`expected ${mark}`);
  }

  /** The next word, not yet taken; empty if there is none. */
  peekWord(): string {
    this.peek();
    return this.#match(WORD) ?? "";
  }

  word(what: string): string {
    const word = this.peekWord();
    if (word === "") return this.fail(`expected ${what}`);
    this.#at += word.length;
    return word;
  }

  /** Takes `word`, if that is what comes next. */
  takesWord(word: string): boolean {
    if (this.peekWord() !== word) return false;
    this.#at += word.length;
    return true;
  }

  /** Whether what follows matches; `pattern` is sticky. */
  sees(pattern: RegExp): boolean {
    this.peek();
    return this.#match(pattern) !== undefined;
  }

  /** Text in quotes of either kind, with the escapes of WAVE and of JSON. */
  quoted(): string {
    const quote = this.peek();
    const start = this.#at;
    let text = "";
    for (let at = start + 1; at < this.#text.length; at++) {
      const char = this.#text.charAt(at);
      if (char === quote) {
        this.#at = at + 1;
        return text.isWellFormed() ? text : this.fail("this text has half a surrogate pair", start);
      }
      if (char !== "\\") {
        text += char;
        continue;
      }
      this.#at = at + 1;
      text += this.#escape(at);
      at = this.#at - 1;
    }
    return this.fail(`this text has no closing ${quote}`, start);
  }

  /** Things up to `end`, with commas between and perhaps behind them. */
  series(end: string, read: () => void): void {
    while (!this.takes(end)) {
      read();
      if (this.takes(",")) continue;
      if (!this.takes(end)) this.fail(`expected , or ${end}`);
      return;
    }
  }

  end(): void {
    if (this.peek() !== "") this.fail("expected nothing more");
  }

  /** @throws {LatticeError} `bad-input`, always. */
  fail(problem: string, at: number = this.#at): never {
    const met = JSON.stringify(this.#text.slice(at, at + 20));
    const where = at >= this.#text.length ? "at the end" : `at character ${at + 1}, before ${met}`;
    throw new LatticeError("bad-input", `value ${where}: ${problem}`);
  }

  /** Reads what follows the backslash at `start`. */
  #escape(start: number): string {
    const code = this.#match(/u\{([0-9a-fA-F]{1,6})\}|u[0-9a-fA-F]{4}/y);
    if (code !== undefined) {
      this.#at += code.length;
      const point = Number.parseInt(code.replace(/[u{}]/g, ""), 16);
      return point <= 0x10_ffff
        ? String.fromCodePoint(point)
        : this.fail("no such character", start);
    }
    const plain = ESCAPES.get(this.#text.charAt(this.#at++));
    return plain ?? this.fail("no such escape", start);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#text)?.[0];
  }
}
