/**
 * Repairs glue whose guest has a function named `arguments`: jco 1.35 writes that as an identifier, which modules may
 * not have (it escapes `eval` and the other reserved words).
 */

/** `glue` with its own identifier renamed; the very same text if it has none. */
export function withoutReservedNames(glue: string): string {
  if (!/function arguments\(|const \{[^}]*\barguments\b[^}]*\} = imports\[/.test(glue)) return glue;
  return glue
    .replace(
      /const \{([^}]*)\} = imports\[/g,
      (_, names: string) =>
        `const {${names.replace(SHORTHAND, "$1arguments: _arguments")}} = imports[`,
    )
    .replace(IDENTIFIER, "_arguments");
}

/** A destructured name without a name of its own. */
const SHORTHAND = /(^|[{,]\s*|\s)arguments(?=\s*(?:,|$))/g;

/** Not a property, a key, a part of another word or of a string, nor the `...arguments` of jco's own methods. */
const IDENTIFIER = /(?<![\w$.'"#-])arguments(?![\w$'"-])(?!\s*:)/g;
