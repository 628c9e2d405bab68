/** An app that has Inlay as a package: packed as it is published, unpacked into a folder of its own, built by the app's own command. */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const ROOT = resolve(import.meta.dirname, "../..");
const run = promisify(execFile);

export interface Consumer extends AsyncDisposable {
  /** What its build has made. */
  readonly dist: string;
  /** What its build has said. */
  readonly said: string;
}

export interface ConsumerOptions {
  /** Gets the bundler from the package registry; else this project's is used. */
  readonly install?: boolean;
}

/** Builds `test/fixtures/consumer/NAME`. Rejects with what the build says if that fails. */
export async function buildConsumer(
  name: string,
  { install = false }: ConsumerOptions = {},
): Promise<Consumer> {
  const folder = mkdtempSync(join(tmpdir(), `inlay-${name}-`));
  const [dispose, modules] = [
    () => rm(folder, { recursive: true, force: true, maxRetries: 5 }),
    join(folder, "node_modules"),
  ];
  try {
    cpSync(join(import.meta.dirname, "../fixtures/consumer", name), folder, { recursive: true });
    await run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], { cwd: ROOT });
    const [tarball = ""] = readdirSync(folder).filter((file) => file.endsWith(".tgz"));
    if (install) {
      const quiet = ["--no-audit", "--no-fund", "--no-package-lock"];
      await run("npm", ["install", ...quiet, `./${tarball}`], { cwd: folder });
    } else {
      await unpack(join(folder, tarball), modules);
    }
    const { stdout, stderr } = await run("npm", ["run", "build"], { cwd: folder }).catch(
      (cause: Readonly<Record<"stdout" | "stderr", string>>) => {
        throw new Error(`${name} does not build the app: ${cause.stdout}${cause.stderr}`, {
          cause,
        });
      },
    );
    return {
      dist: join(folder, "dist"),
      said: stdout + stderr,
      [Symbol.asyncDispose]: dispose,
    };
  } catch (thrown) {
    await dispose();
    throw thrown;
  }
}

/** As npm would, with what else is installed here beside it. */
async function unpack(tarball: string, modules: string): Promise<void> {
  mkdirSync(modules);
  for (const name of readdirSync(join(ROOT, "node_modules"))) {
    if (name !== ".vite") symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
  }
  const inlay = join(modules, "inlay");
  mkdirSync(inlay);
  await run("tar", ["-xzf", tarball, "-C", inlay, "--strip-components=1"]);
}
