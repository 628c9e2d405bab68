/**
 * `npm run docs:api`: writes `docs/api.md` from the docstrings of what `src/index.ts` exports. TypeDoc wants an older TypeScript than
 * this project has, so both are installed into a folder of their own.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../..");
const TOOLS = ["typedoc@0.28.20", "typedoc-plugin-markdown@4.14.1", "typescript@6.0.3"];

const OPTIONS = [
  "--plugin typedoc-plugin-markdown --tsconfig tsconfig.json --out out --outputFileStrategy modules --readme none",
  "--disableSources --hidePageHeader --hideBreadcrumbs --excludeExternals --excludePrivate --excludeProtected",
  "--parametersFormat table --interfacePropertiesFormat table --typeDeclarationFormat table --logLevel Error",
].flatMap((line) => line.split(" "));

const folder = mkdtempSync(join(tmpdir(), "inlay-api-"));
const run = (command: string, args: readonly string[]): void =>
  void execFileSync(command, args, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });

try {
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  run("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", ...TOOLS]);
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      extends: join(ROOT, "tsconfig.json"),
      compilerOptions: { types: [] },
      include: [join(ROOT, "src/index.ts"), join(ROOT, "node_modules/vite/client.d.ts")],
    }),
  );
  run("npx", ["typedoc", ...OPTIONS, "--entryPoints", join(ROOT, "src/index.ts")]);
  const generated = readFileSync(join(folder, "out", "README.md"), "utf8");
  const [, body = generated] = /^# [^\n]*\n([\s\S]*)$/.exec(generated.trimStart()) ?? [];
  writeFileSync(
    join(ROOT, "docs/api.md"),
    `# API\n\nAll names that \`import … from "inlay"\` gives, from their docstrings (\`npm run docs:api\`). How they are used is told in the [reference](reference.md).\n${body}`,
  );
} finally {
  rmSync(folder, { recursive: true });
}
