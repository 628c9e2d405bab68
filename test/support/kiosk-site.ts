/** A site with the built pages whose files a test replaces by those of a new version, as a deployment does. */
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { refreshDist } from "../../src/cli/freshness.ts";
import { DIST } from "../../src/cli/project.ts";
import { writeShell } from "../../src/cli/shell-files.ts";
import { serveFolder } from "./folder-server.ts";

export interface KioskSite extends AsyncDisposable {
  /** Ends in `/`. */
  readonly url: string;
  /** The build that the site has now. */
  readonly build: string;
  /** Puts a version in the place of the present one: one that serves, or one whose kiosk never begins. Gives its build. */
  release(kind: "sound" | "broken"): Promise<string>;
}

export async function openKioskSite(): Promise<KioskSite> {
  await refreshDist(() => undefined, new AbortController().signal);
  const folder = await mkdtemp(join(tmpdir(), "inlay-site-"));
  await cp(DIST, folder, { recursive: true });
  const server = await serveFolder(folder);
  let { build } = writeShell(folder);
  let releases = 0;
  return {
    url: server.url,
    get build() {
      return build;
    },
    async release(kind) {
      // A change of the script gives it a new name, as in a build.
      const page = join(folder, "kiosk.html");
      const html = await readFile(page, "utf8");
      const [script = "", name = ""] = /assets\/(kiosk-[\w-]{8}\.js)/.exec(html) ?? [];
      const next = `kiosk-release${++releases}.js`;
      const source = await readFile(join(folder, script), "utf8");
      await writeFile(
        join(folder, "assets", next),
        kind === "sound" ? `${source}\n// release ${releases}\n` : `throw new Error("broken");\n`,
      );
      await writeFile(page, html.replace(name, next));
      if (name !== next) await rm(join(folder, script));
      ({ build } = writeShell(folder));
      return build;
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
