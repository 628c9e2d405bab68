/** `npm run wit-types`: the TypeScript types of a WIT text, for `node.serve` and `node.client`. */
import { writeFileSync } from "node:fs";
import { basename } from "node:path";

import { LatticeError, messageOf } from "../core/error.ts";
import { readWitDocument, readWitTypesArguments } from "./wit-types-arguments.ts";
import { writeTypeScript } from "./wit-typescript.ts";

const WIT_TYPES_USAGE = `npm run wit-types -- FILE.wit [options]
  FILE.wit      WIT text, with the packages that it uses
  --world NAME  the world whose exports are served and called (default: the only one of the text that exports
                something, else all interfaces)
  --out FILE    where the types go (default: they are printed)`;

function main(args: readonly string[]): void {
  if (args.includes("--help")) {
    console.error(WIT_TYPES_USAGE);
    return;
  }
  const asked = readWitTypesArguments(args);
  const { file, world, out } = asked;
  const text = writeTypeScript(readWitDocument(asked), { world, origin: basename(file) });
  if (out === undefined) process.stdout.write(text);
  else write(out, text);
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    throw new LatticeError("bad-input", `--out ${file} cannot be written: ${messageOf(cause)}`, {
      cause,
    });
  }
}

try {
  main(process.argv.slice(2));
} catch (error) {
  const code = error instanceof LatticeError ? error.code : "internal";
  console.error(`${code}: ${messageOf(error)}`);
  if (code === "bad-input") console.error(WIT_TYPES_USAGE);
  process.exitCode = code === "bad-input" ? 2 : 1;
}
