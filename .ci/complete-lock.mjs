#!/usr/bin/env node
/**
 * Completes package-lock.json with the optional packages of other platforms.
 *
 * npm leaves out of the lock what its registry does not have at the moment of writing, and `npm ci` then refuses the lock,
 * on every platform. Run it after `npm install` when `npm ci` complains of a package "missing from lock file".
 */
import { readFileSync, writeFileSync } from "node:fs";

const SYSTEMS = [
  "win32",
  "darwin",
  "linux",
  "android",
  "freebsd",
  "openharmony",
  "openbsd",
  "netbsd",
  "sunos",
  "aix",
];
const PROCESSORS = [
  "arm64",
  "x64",
  "ia32",
  "arm",
  "ppc64",
  "riscv64",
  "s390x",
  "loong64",
  "mips64el",
  "wasm32",
];

const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
const { packages } = lock;
let added = 0;
for (const [path, entry] of Object.entries({ ...packages })) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (isThere(path, name, version)) continue;
    const root = `node_modules/${name}`;
    packages[packages[root] === undefined ? root : `${path}/${root}`] = platformEntry(
      name,
      version,
    );
    added++;
  }
}
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync("package-lock.json", `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} packages added`);

/** As Node resolves: from the package's own folder upwards. */
function isThere(path, name, version) {
  const exact = /^\d/.test(version);
  for (let base = path; ; base = base.slice(0, Math.max(0, base.lastIndexOf("/node_modules/")))) {
    const found = packages[`${base === "" ? "" : `${base}/`}node_modules/${name}`];
    if (found !== undefined) return !exact || found.version === version;
    if (base === "") return false;
  }
}

/** What the platform is stands in the names of such packages. */
function platformEntry(name, version) {
  const words = name.split("/").at(-1).split("-");
  const os = SYSTEMS.filter((each) => words.includes(each));
  const cpu = PROCESSORS.filter((each) => words.includes(each));
  return {
    version,
    ...(cpu.length === 0 ? {} : { cpu }),
    dev: true,
    optional: true,
    ...(os.length === 0 ? {} : { os }),
  };
}
