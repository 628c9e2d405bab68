/**
 * waPC modules as this runtime has components: a world of one function each way, and glue that is always the same
 * (wasmCloud v0.82.0 `crates/runtime/src/actor/module/`).
 */
import type { SignedClaims } from "../../core/claims.ts";
import type { Bridge } from "../../core/node-state.ts";
import type { Digest } from "../../core/ids.ts";
import type { World } from "../../core/wit.ts";
import type { Prepared } from "../prepared.ts";

import { LatticeError, messageOf } from "../../core/error.ts";
import { ACTOR_HOST, actorWorld } from "../../interfaces/actor.ts";
import { glueModeOf, waitModeOf } from "../bridge.ts";
import glue from "./glue.js?raw";

/** The first eight bytes of a core module; those of a component differ in the last four. */
const PREAMBLE = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
/** Where what a module prints goes. */
const STDERR = "wasi:cli/stderr";
/** Under which the glue asks for it. */
const CORE = "actor";
const MODULES = ["wasmbus", "wasi_snapshot_preview1"];
const ENTRIES = ["__guest_call", "_start"];

export function isModule(bytes: Uint8Array): boolean {
  return PREAMBLE.every((byte, at) => bytes[at] === byte);
}

/** @throws {LatticeError} `bad-image` for a module that is no actor, `import-unmet` for one that wants another host. */
export async function prepareModule(
  bytes: Uint8Array<ArrayBuffer>,
  digest: Digest,
  claims: SignedClaims | undefined,
  bridge: Bridge,
): Promise<Prepared> {
  const module = await compiled(bytes);
  const exported = WebAssembly.Module.exports(module);
  const names = exported.map(({ name }) => name);
  if (!ENTRIES.some((entry) => names.includes(entry))) {
    throw new LatticeError(
      "bad-image",
      "these bytes are a core module that is no actor: it exports neither __guest_call nor _start",
    );
  }
  if (!exported.some(({ name, kind }) => name === "memory" && kind === "memory")) {
    throw new LatticeError("bad-image", "the module exports no memory of that name");
  }
  const imported = WebAssembly.Module.imports(module);
  const foreign = imported.filter(
    ({ module: from, kind }) => kind !== "function" || !MODULES.includes(from),
  );
  if (foreign.length > 0) {
    const named = foreign.map(({ module: from, name }) => `${from}.${name}`).join(", ");
    throw new LatticeError(
      "import-unmet",
      `the module imports ${named}, which no host of 0.82 offers`,
    );
  }
  const calls = imported.some(({ name }) => name === "__host_call");
  const world = worldOf(calls);
  const glueMode = glueModeOf(waitModeOf(world, bridge));
  return {
    digest,
    sizeBytes: bytes.length,
    world,
    glueMode,
    files: false,
    glue: `const WAITS = ${glueMode === "jspi"};\n${glue}`,
    cores: new Map([[CORE, bytes]]),
    keepsHandles: false,
    claims,
  };
}

/** One that makes no host calls waits for nothing. */
function worldOf(calls: boolean): World {
  const { exports, imports } = actorWorld();
  const host = imports.get(ACTOR_HOST);
  return {
    exports,
    imports: new Map([
      [STDERR, new Map()],
      ...(calls && host !== undefined ? [[ACTOR_HOST, host] as const] : []),
    ]),
  };
}

async function compiled(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    throw new LatticeError("bad-image", `the module does not compile: ${messageOf(cause)}`);
  }
}
