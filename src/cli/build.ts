/**
 * `npm run build`: the page and the library, the loader of the script tag, the type declarations; then the package's
 * shape and the sizes are judged.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { parseSync } from "oxc-parser";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { build, type InlineConfig } from "vite";

import { messageOf } from "../core/error.ts";
import { beginBuild } from "./freshness.ts";
import { type LoaderFiles, loaderFiles, writeIntegrity } from "./integrity.ts";
import { DIST, ROOT } from "./project.ts";
import { writeShell } from "./shell-files.ts";

/** A classic script, because a module has no `document.currentScript` to read its attributes from. */
const loader = ({ files, first }: LoaderFiles): InlineConfig => ({
  configFile: false,
  define: { INLAY_FILES: JSON.stringify(files), INLAY_FIRST: JSON.stringify(first) },
  root: ROOT,
  publicDir: false,
  build: {
    outDir: DIST,
    emptyOutDir: false,
    target: "es2022",
    copyPublicDir: false,
    lib: {
      entry: join(ROOT, "src/script-tag.ts"),
      formats: ["iife"],
      name: "inlay",
      fileName: () => "inlay.js",
    },
  },
});

/** At the site's root, so that any static server lets it answer for all of the site; under one name, as browsers look for it there. */
const SERVICE_WORKER: InlineConfig = {
  configFile: false,
  root: ROOT,
  publicDir: false,
  build: {
    outDir: DIST,
    emptyOutDir: false,
    target: "es2022",
    copyPublicDir: false,
    lib: {
      entry: join(ROOT, "src/workers/service.worker.ts"),
      formats: ["iife"],
      name: "inlayService",
      fileName: () => "service-worker.js",
    },
  },
};

const steps: readonly (readonly [string, () => Promise<void> | void])[] = [
  [
    "page and library",
    async () => void (await build({ configFile: join(ROOT, "vite.config.ts") })),
  ],
  ["script tag", async () => void (await build(loader(loaderFiles(DIST))))],
  ["integrity", tellOfTag],
  ["service worker", async () => void (await build(SERVICE_WORKER))],
  ["shell", () => void writeShell(DIST)],
  ["types", () => run("tsc", ["-p", "tsconfig.json"])],
  ["package", checkPackage],
  ["sizes", checkSizes],
];

async function main(): Promise<void> {
  // Tests build as well, and theirs says "test": the page's libraries would then be those for development.
  process.env["NODE_ENV"] = "production";
  const building = beginBuild();
  for (const [name, step] of steps) {
    const started = performance.now();
    // oxlint-disable-next-line no-await-in-loop -- each step works on the files of the one before
    await step();
    console.log(`${name}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
  }
  building.complete();
}

function tellOfTag(): void {
  const integrity = writeIntegrity(DIST);
  console.log(
    `<script src="…/inlay.js" integrity="${integrity}" crossorigin="anonymous" data-servers="…"></script>`,
  );
}

async function checkPackage(): Promise<void> {
  const { messages, pkg } = await publint({ pkgDir: ROOT, pack: false, level: "warning" });
  if (messages.length === 0) return;
  throw new Error(
    messages.map((message) => formatMessage(message, pkg) ?? message.code).join("\n"),
  );
}

function checkSizes(): void {
  const workers = join(DIST, "workers");
  for (const file of readdirSync(workers).filter((name) => name.startsWith("host.worker-"))) {
    expectAlone(join(workers, file), "worker-chunks.ts");
  }
  const assets = join(DIST, "assets");
  const joining = readdirSync(assets).filter((name) => /^join-.*\.js$/.test(name));
  for (const name of joining) expectAlone(join(assets, name), "vite.config.ts");
  if (existsSync(join(ROOT, ".size-limit.json"))) run("size-limit", []);
}

/**
 * What joins is weighed by its name: nothing may come with it unseen, or cost a round trip more before it joins. `where` says
 * what goes into `file`.
 */
function expectAlone(file: string, where: string): void {
  const { module } = parseSync(file, readFileSync(file, "utf8"));
  const imported = module.staticImports.map(({ moduleRequest }) => moduleRequest.value);
  if (imported.length > 0) {
    throw new Error(`${file} cannot start without ${imported.join(", ")}: see ${where}`);
  }
}

function run(command: string, args: readonly string[]): void {
  const path = join(ROOT, "node_modules/.bin", command);
  const { status } = spawnSync(path, args, { cwd: ROOT, stdio: ["ignore", 1, 2] });
  if (status !== 0) throw new Error(`${command} found faults; see above`);
}

main().catch((error: unknown) => {
  console.error(`build: ${messageOf(error)}`);
  process.exitCode = 1;
});
