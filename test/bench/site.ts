/** What the gateway serves to the bench: the site as `npm run build` makes it, and the bench's own pages below it. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const ROOT = resolve(import.meta.dirname, "../..");

const PAGES = {
  tab: new URL("./page/tab.ts", import.meta.url),
  embedded: new URL("./page/embedded.ts", import.meta.url),
  joins: new URL("./page/joins.ts", import.meta.url),
};

export interface BuiltSite extends AsyncDisposable {
  readonly folder: string;
}

/** Builds the sources as they are now into a folder of their own: `dist/` may be older, and is left alone. */
export async function buildSite(): Promise<BuiltSite> {
  const folder = await mkdtemp(join(tmpdir(), "inlay-bench-site-"));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    await build({
      configFile: join(ROOT, "vite.config.ts"),
      logLevel: "error",
      build: { outDir: folder },
    });
    await buildPages(join(folder, "bench"));
  } catch (cause) {
    await remove();
    throw cause;
  }
  return { folder, [Symbol.asyncDispose]: remove };
}

async function buildPages(outDir: string): Promise<void> {
  const inputs = Object.entries(PAGES).map(([name, url]) => [name, fileURLToPath(url)] as const);
  await build({
    configFile: false,
    root: ROOT,
    base: "./",
    publicDir: false,
    logLevel: "error",
    worker: { format: "es" },
    build: {
      outDir,
      target: "es2022",
      modulePreload: false,
      rolldownOptions: {
        input: Object.fromEntries(inputs),
        output: { entryFileNames: "[name].js" },
      },
    },
  });
  for (const name of Object.keys(PAGES)) {
    const html = `<!doctype html><meta charset="utf-8"><title>bench</title><script type="module" src="${name}.js"></script>`;
    await writeFile(join(outDir, `${name}.html`), html);
  }
}
