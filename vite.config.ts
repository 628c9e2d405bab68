import { resolve } from "node:path";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";
import { natsParts } from "./src/cli/nats-parts.ts";
import { workerChunk } from "./src/cli/worker-chunks.ts";
import { CHROMIUM_FLAGS } from "./test/support/chromium.ts";

const root = import.meta.dirname;

export default defineConfig({
  root: resolve(root, "src/page"),
  publicDir: resolve(root, "public"),
  base: "./",
  cacheDir: resolve(root, "node_modules/.vite"),
  worker: {
    format: "es",
    plugins: () => [natsParts()],
    rolldownOptions: {
      output: {
        entryFileNames: "workers/[name].js",
        // Beside the workers: who keeps those elsewhere (`workers` of the options) copies one folder.
        chunkFileNames: "workers/[name]-[hash].js",
        codeSplitting: { includeDependenciesRecursively: false, groups: [{ name: workerChunk }] },
      },
    },
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
      },
      preserveEntrySignatures: "exports-only",
    },
  },
  test: {
    projects: [
      {
        root,
        test: { name: "unit", environment: "node", include: ["test/unit/**/*.test.ts"] },
      },
      {
        root,
        test: {
          name: "lattice",
          environment: "node",
          include: ["test/lattice/**/*.test.ts"],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        root,
        test: {
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
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          testTimeout: 30_000,
          hookTimeout: 30_000,
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
