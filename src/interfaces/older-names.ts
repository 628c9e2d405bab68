/** Which imports are of wasmCloud 0.82: their mapping is loaded by components that have one of them. */
export function isOlder(name: string): boolean {
  return /^(wasi:(keyvalue|blobstore)\/.+@0\.1\.0|wasmcloud:messaging\/consumer)$/.test(name);
}
