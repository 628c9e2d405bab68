/**
 * Addresses in the built library as the bundlers of apps want to read them: of `new Worker(new URL("…", import.meta.url))`,
 * with nothing between, they bundle the worker; any other `new URL("…", import.meta.url)` is a file that they copy.
 */
import { posix } from "node:path";

import type { ExperimentalOptions, Plugin } from "vite";

type RenderBuiltUrl = NonNullable<ExperimentalOptions["renderBuiltUrl"]>;

/** It is to be bundled, because it loads more files by their names; the other workers may be copied as they are. */
const HOST_WORKER = /^workers\/host\.worker-/;

/** The host worker's file as a plain path. */
export const plainAddress: RenderBuiltUrl = (file, { hostId, hostType }) =>
  hostType === "js" && HOST_WORKER.test(file)
    ? posix.relative(posix.dirname(hostId), file)
    : undefined;

/**
 * Vite puts a helper around each `import()` of a page, for the styles of what comes then. What joins has no styles, and its file is
 * alone: the helper is in a file of its own ({@link STYLES}), and gone from this one.
 */
function withoutStyles(code: string): string {
  const [statement, helper] =
    /import\{\w+ as (\w+)\}from[`"']\.\/styles-[^`"']+[`"'];?/.exec(code) ?? [];
  if (statement === undefined || helper === undefined) return code;
  const call = new RegExp(
    `\\b${helper}\\(\\(\\)=>(import\\([^()]+\\)),[^,()]*,(?:""\\+)?import\\.meta\\.url\\)`,
    "g",
  );
  return code.replace(statement, "").replace(call, "$1");
}

/** The bundler's name for the file with that helper, and what is in it. */
export const STYLES = { name: "styles", test: /vite\/preload-helper/ };

/** Vite writes something before `import.meta.url`, so that it does not read its own output. */
export function plainAddresses(): Plugin {
  return {
    name: "inlay:plain-addresses",
    generateBundle(_, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type === "chunk") {
          file.code = file.code.replace(/(?:``|""|'') ?\+ ?import\.meta\.url/g, "import.meta.url");
          if (file.name === "join") file.code = withoutStyles(file.code);
        }
      }
    },
  };
}
