/** Which of a component's functions make its guests wait, and how they do. */
import type { GlueMode } from "../channels/transpile.ts";
import type { WaitMode } from "../channels/component.ts";
import type { Bridge } from "../core/node-state.ts";
import type { World } from "../core/wit.ts";

import { LatticeError } from "../core/error.ts";
import { withoutVersion } from "../core/wit.ts";
import { NEEDS } from "./choose-bridge.ts";
import { isWasi, waitingWasi } from "./wasi.ts";

/** What may make a guest wait, as `interface#function` without version: all but most of WASI. `files`: it is given some. */
export function waitingImports(world: World, files = false): readonly string[] {
  return [...world.imports].flatMap(([name, functions]) => {
    const bare = withoutVersion(name);
    const waiting = isWasi(name) ? waitingWasi(name, world, files) : [...functions.keys()];
    return waiting.filter((func) => functions.has(func)).map((func) => `${bare}#${func}`);
  });
}

/** All exported functions, in the same form; those of the root by their bare name. */
export function exportPatterns(world: World): readonly string[] {
  return [...world.exports].flatMap(([name, functions]) =>
    [...functions.keys()].map((func) => (name === "" ? func : `${withoutVersion(name)}#${func}`)),
  );
}

/**
 * How this component's guests wait under `bridge`. Not at all, if nothing that it imports makes it wait: then
 * suspending costs nothing.
 *
 * @throws {LatticeError} `unsupported` if it has to wait and the browser has no way.
 */
export function waitModeOf(world: World, bridge: Bridge, files = false): WaitMode {
  const waiting = waitingImports(world, files);
  const isAsync = [...world.exports.values()].some((functions) =>
    [...functions.values()].some((type) => type.async === true),
  );
  if (waiting.length === 0 && !isAsync) return "sync";
  if (bridge !== "sync") return bridge;
  const what = waiting[0]?.replace("#", ".") ?? "asynchronous exports";
  throw new LatticeError(
    "unsupported",
    `the component waits for ${what}, which needs ${NEEDS.jspi}, or ${NEEDS.isolated}`,
  );
}

export function glueModeOf(mode: WaitMode): GlueMode {
  return mode === "jspi" ? "jspi" : "sync";
}
