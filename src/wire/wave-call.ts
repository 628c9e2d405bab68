/** A call whose values are text: arguments in, the result out, both as people write them. */
import type { FuncType, WitValue } from "../core/wit.ts";

import { LatticeError } from "../core/error.ts";
import { parseWave } from "./wave.ts";
import { formatWave } from "./wave-format.ts";

/** Characters of a result that are given; more would only make a page stand still. */
const MOST_CHARACTERS = 1_000_000;

/** @throws {LatticeError} `bad-input` for a text that is not of its parameter's type, or one too many or few. */
export function readArgs({ params }: FuncType, texts: readonly string[]): readonly WitValue[] {
  if (params.length !== texts.length) {
    throw new LatticeError("bad-input", `${params.length} values are wanted, met ${texts.length}`);
  }
  return params.map(({ name, type }, index) => {
    try {
      return parseWave(texts[index] ?? "", type);
    } catch (cause) {
      throw new LatticeError("bad-input", `the value of ${name} is of no use`, { cause });
    }
  });
}

/** `text` is absent for a function that gives nothing; `length`: of the whole text. */
export function resultText(
  { result }: FuncType,
  value: WitValue,
): { readonly text?: string; readonly length: number } {
  if (result === undefined) return { length: 0 };
  const text = formatWave(value, result);
  return { text: text.slice(0, MOST_CHARACTERS), length: text.length };
}

/** Makes the call by `call`, and takes its time. Throws `types-unknown` where there is no `type`, and as {@link readArgs}. */
export async function callByText(
  { target, instance, func }: Readonly<Record<"target" | "instance" | "func", string>>,
  type: FuncType | undefined,
  texts: readonly string[],
  call: (args: readonly WitValue[]) => Promise<WitValue>,
): Promise<ReturnType<typeof resultText> & { readonly tookMs: number }> {
  if (type === undefined) {
    throw new LatticeError("types-unknown", `${target} has no ${instance}.${func} that is known`);
  }
  const args = readArgs(type, texts);
  const startedMs = performance.now();
  const result = await call(args);
  const tookMs = performance.now() - startedMs;
  return { ...resultText(type, result), tookMs };
}
