import { resolve } from "node:path";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";
import { natsParts } from "./src/cli/nats-parts.ts";
import { plainAddress, plainAddresses, STYLES } from "./src/cli/plain-addresses.ts";
import { workerChunk } from "./src/cli/worker-chunks.ts";
import { CHROMIUM_FLAGS } from "./test/support/chromium.ts";

const root = import.meta.dirname;

/**
 * What a failing test may take until it is given up. They say nothing of how long anything should take: the machine may do
 * ten other things. The runner's own are 5 s for a test and 1 s for `expect.poll`.
 */
const PATIENCE = {
  testTimeout: 60_000,
  hookTimeout: 60_000,
  expect: { poll: { timeout: 20_000 } },
};

const JOINING =
  /\/src\/(?:join|join-setup|join-state|lattice-facts|page-notices|version|watching|channels\/(?:node|page-spawn|port|rpc|spawn)|core\/(?:alarm|blank-state|component-error|error|view))\.ts/;

export default defineConfig({
  root: resolve(root, "src/page"),
  publicDir: resolve(root, "public"),
  base: "./",
  plugins: [plainAddresses()],
  cacheDir: resolve(root, "node_modules/.vite"),
  worker: {
    format: "es",
    plugins: () => [natsParts()],
    rolldownOptions: {
      output: {
        entryFileNames: "workers/[name]-[hash].js",
        // Beside the workers: who keeps those elsewhere (`workers` of the options) copies one folder.
        chunkFileNames: "workers/[name]-[hash].js",
        assetFileNames: "workers/[name]-[hash][extname]",
        codeSplitting: { includeDependenciesRecursively: false, groups: [{ name: workerChunk }] },
      },
    },
  },
  experimental: {
    renderBuiltUrl: plainAddress,
  },
  build: {
    outDir: resolve(root, "dist"),
    emptyOutDir: true,
    target: "es2022",
    modulePreload: false,
    rolldownOptions: {
      input: {
        index: resolve(root, "src/page/index.html"),
        kiosk: resolve(root, "src/page/kiosk.html"),
        "lib/index": resolve(root, "src/index.ts"),
        "lib/join": resolve(root, "src/join.ts"),
      },
      output: {
        entryFileNames: (chunk) =>
          chunk.name.startsWith("lib/") ? "[name].js" : "assets/[name]-[hash].js",
        // What joining needs is one file, though what is loaded later has parts of it in common.
        codeSplitting: { groups: [STYLES, { name: "join", test: JOINING }] },
      },
      preserveEntrySignatures: "exports-only",
    },
  },
  test: {
    projects: [
      {
        root,
        test: {
          ...PATIENCE,
          name: "unit",
          environment: "node",
          include: ["test/unit/**/*.test.ts"],
        },
      },
      {
        root,
        test: {
          ...PATIENCE,
          name: "lattice",
          environment: "node",
          include: ["test/lattice/**/*.test.ts"],
        },
      },
      {
        root,
        test: {
          ...PATIENCE,
          name: "interop",
          environment: "node",
          include: ["test/interop/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
      {
        root,
        worker: { format: "es" },
        // Cross-origin isolated, so that the bridge by shared memory is tested as well.
        server: {
          headers: {
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-embedder-policy": "require-corp",
            "cross-origin-resource-policy": "cross-origin",
          },
        },
        optimizeDeps: {
          exclude: ["@bytecodealliance/jco", "@bytecodealliance/jco-transpile"],
        },
        test: {
          ...PATIENCE,
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: { executablePath: "/usr/bin/chromium", args: CHROMIUM_FLAGS },
            }),
            instances: [{ browser: "chromium" }],
          },
        },
      },
    ],
  },
});
