/**
 * Values within text that stand after a name: `name=value`, `"name": "value"`, `name: [a, b]`, `Name: value` in a line of its own.
 * Text of any language may come, so where a value ends is guessed, and rather too late than too early.
 */

const OPENING: ReadonlyMap<string, string> = new Map([
  ["[", "]"],
  ["{", "}"],
  ["(", ")"],
]);
const SEPARATOR = String.raw`[:=]+>?`;
/** What ends a value that has no quotes; what opens a bracket within it is skipped to its end. */
const BARE_END = /[\s,;&"'}\])]/;

/** What finds names that {@link withoutValues} takes; `words`: the source of a pattern of what is in them. */
export function namesIn(words: string, flags: string): RegExp {
  // A bracket needs no separator: `tokens[0]`, `credentials { … }`.
  return new RegExp(
    String.raw`(?:${words})[\w.-]*(\\*["'])?\]?(?:\s*(${SEPARATOR})|(?=\s*[[{]))[ \t]*`,
    flags,
  );
}

/** `text` with `instead` in the place of each value whose name `names`, of {@link namesIn}, finds. */
export function withoutValues(text: string, names: RegExp, instead: string): string {
  const finder = new RegExp(names.source, `${names.flags.replaceAll("g", "")}g`);
  let left = "";
  let done = 0;
  for (let found = finder.exec(text); found !== null; found = finder.exec(text)) {
    const [whole, quote, separator = ""] = found;
    const from = found.index + whole.length;
    const to = endOfValue(text, from, quote === undefined && separator === ":");
    if (to === from) continue;
    left += text.slice(done, from) + instead;
    done = to;
    finder.lastIndex = to;
  }
  return done === 0 ? text : left + text.slice(done);
}

/** Where the value at `from` ends. `line`: as a header's does, it goes on to the end of its line if nothing encloses it. */
function endOfValue(text: string, from: number, line: boolean): number {
  const start = skip(/\s*/y, text, from);
  const enclosed = endOfEnclosed(text, start);
  if (enclosed !== undefined) {
    // `tokens[0] = value`
    const next = skip(new RegExp(String.raw`\s*${SEPARATOR}\s*`, "y"), text, enclosed);
    return next === enclosed ? enclosed : endOfValue(text, next, false);
  }
  if (line) {
    // Of YAML, also the lines of a block, or of a list.
    const block = skip(/[ \t]*(?:[|>][-+\d]*)?[ \t]*(?:\r?\n(?:[ \t]+|-)[^\r\n]*)+/y, text, from);
    return block > from ? block : skip(/[^\r\n]*/y, text, start);
  }
  let at = start;
  while (at < text.length && !BARE_END.test(text.charAt(at))) {
    at = OPENING.has(text.charAt(at)) ? endOfBrackets(text, at) : at + 1;
  }
  return at === start ? from : at;
}

/** Behind the quotes or brackets that begin at `at`; `undefined` if none do. */
function endOfEnclosed(text: string, at: number): number | undefined {
  if (OPENING.has(text.charAt(at))) return endOfBrackets(text, at);
  return /["']/.test(text.charAt(skip(/\\*/y, text, at))) ? endOfQuotes(text, at) : undefined;
}

/** Brackets in quotes are none; but quotes may be apostrophes, so that the later end counts. */
function endOfBrackets(text: string, at: number): number {
  return Math.max(closing(text, at, false), closing(text, at, true));
}

function closing(text: string, from: number, quotes: boolean): number {
  const open: string[] = [];
  for (let at = from; at < text.length; at++) {
    const character = text.charAt(at);
    const closer = OPENING.get(character);
    if (closer !== undefined) open.push(closer);
    else if (character === open.at(-1)) {
      open.pop();
      if (open.length === 0) return at + 1;
    } else if (quotes && /["'\\]/.test(character)) {
      at = (endOfEnclosed(text, at) ?? skip(/\\+/y, text, at)) - 1;
    }
  }
  return text.length;
}

/**
 * Behind the quote that closes the one at `from`, with as many backslashes before it: text in JSON in JSON has `\"` around it, and
 * `\\\"` within.
 */
function endOfQuotes(text: string, from: number): number {
  const first = skip(/\\*/y, text, from);
  const [mark, depth] = [text.charAt(first), first - from];
  let at = first;
  for (;;) {
    const start = at + 1;
    at = text.indexOf(mark, start);
    if (at === -1) return text.length;
    let run = 0;
    while (at - run > start && text.charAt(at - run - 1) === "\\") run++;
    if (run % (2 * (depth + 1)) !== depth) continue;
    // Doubled, as SQL escapes it.
    if (text.charAt(at + 1) !== mark) return at + 1;
    at++;
  }
}

/** Behind what `pattern`, a sticky one, finds at `at`. */
function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return at + (pattern.exec(text)?.[0].length ?? 0);
}
