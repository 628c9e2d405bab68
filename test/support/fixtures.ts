/** The committed fixtures, for tests in Node. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

const COMPONENTS = resolve(import.meta.dirname, "../fixtures/components");

/** The bytes of `test/fixtures/components/NAME.wasm`; its README says what there is. */
export function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(resolve(COMPONENTS, `${name}.wasm`)));
}
