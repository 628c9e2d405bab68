/** Where the peers are built. */
import { join, resolve } from "node:path";

export const INTEROP = resolve(import.meta.dirname, "..");
/** Outputs, never committed. */
export const BUILT = join(INTEROP, ".built");
/** The interfaces that peers and nodes speak, as the peers' generators read them. */
export const WIT = join(BUILT, "wit");
export const RUST_TARGET = join(BUILT, "rust");
/** Of the peers of 0.82. */
export const WASMBUS_TARGET = join(BUILT, "wasmbus");
export const GO_BINARIES = join(BUILT, "go");
export const NPM = join(BUILT, "npm");

export const rustPeer = (name: string): string => join(RUST_TARGET, "debug", name);
export const wasmbusPeer = (name: string): string => join(WASMBUS_TARGET, "debug", name);
export const goPeer = (name: string): string => join(GO_BINARIES, name);
