/** The committed fixtures, for tests in Node. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

const COMPONENTS = resolve(import.meta.dirname, "../fixtures/components");

/** The bytes of `test/fixtures/components/NAME.wasm`; its README says what there is. */
export function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(resolve(COMPONENTS, `${name}.wasm`)));
}

/** The WIT of a fixture, by its path in `test/fixtures`. */
export function fixtureWit(path: string): string {
  return readFileSync(new URL(`../fixtures/${path}`, import.meta.url), "utf8");
}
