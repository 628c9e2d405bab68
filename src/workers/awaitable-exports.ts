/**
 * Exported constructors and statics of resources that may wait. jco 1.35 writes `await` into them and leaves them
 * synchronous, which no engine takes: statics become `async`, and constructors, which cannot, a function of the class
 * with a name that no WIT name becomes.
 */

/** The name of that function. */
export const CONSTRUCT = "$construct";

const ARGS = String.raw`\(((?:arg\d+(?:, )?)*)\) \{`;
/** The first statement of jco's exported functions, and of nothing else in its glue. */
const BODY = String.raw`(?=\s*const hostProvided = false;)`;
const CONSTRUCTOR = new RegExp(String.raw`\bconstructor${ARGS}${BODY}`, "g");
const STATIC = new RegExp(String.raw`(?<== )(?=function [\w$]+${ARGS}${BODY})`, "g");

/** `glue`, made for JSPI, with all of its exports awaitable. */
export function awaitableExports(glue: string): string {
  return glue
    .replace(CONSTRUCTOR, (_, args: string) => `static async ${CONSTRUCT}(${args}) {`)
    .replace(STATIC, "async ");
}
