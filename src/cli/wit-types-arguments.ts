/** The options of `npm run wit-types`, and the text that they name. */
import { readFileSync } from "node:fs";

import { LatticeError, messageOf } from "../core/error.ts";
import { exportsOf } from "../typed/implementation.ts";
import { parseWit, type WitDocument } from "../wire/wit-text.ts";
import { parseStrictly } from "./arguments.ts";

export interface WitTypesArguments {
  readonly file: string;
  readonly world: string | undefined;
  readonly out: string | undefined;
}

/** @throws {LatticeError} `bad-input` */
export function readWitTypesArguments(args: readonly string[]): WitTypesArguments {
  const { values, positionals } = parseStrictly({
    args: [...args],
    allowPositionals: true,
    options: { world: { type: "string" }, out: { type: "string" } },
  });
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0) {
    throw new LatticeError(
      "bad-input",
      `one file with WIT text is wanted, met ${positionals.length === 0 ? "none" : positionals.join(" ")}`,
    );
  }
  return { file, world: values.world, out: values.out };
}

/**
 * The document in `file`.
 *
 * @throws {LatticeError} `bad-input`, with line and column for what is no WIT; also for a `world` that has nothing to emit.
 */
export function readWitDocument({ file, world }: WitTypesArguments): WitDocument {
  const document = parse(file);
  if (world !== undefined && exportsOf(document, world)?.size === 0) {
    throw new LatticeError(
      "bad-input",
      `the world ${world} exports nothing; wanted is one whose exports are served, or no --world for all interfaces`,
    );
  }
  return document;
}

function parse(file: string): WitDocument {
  let text;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new LatticeError("bad-input", `${file} cannot be read: ${messageOf(cause)}`, { cause });
  }
  try {
    return parseWit(text);
  } catch (cause) {
    throw new LatticeError("bad-input", `${file}: ${messageOf(cause)}`, { cause });
  }
}
