/** The topic `worlds`: what runs in this node, with the types of what it imports and exports. */
import type { Tell, WatchedImport, WatchedWorld } from "../../core/watched.ts";
import type { World } from "../../core/wit.ts";
import type { Interfaces } from "../../interfaces/interfaces.ts";
import type { WatchParts } from "./watch.ts";

import { withoutVersion } from "../../core/wit.ts";
import { createPace } from "./pace.ts";

const TELL_EVERY_MS = 200;

/** What each component worker or the host itself answers: WASI, and what `outbound/host-answers.ts` has. */
const BY_NODE =
  /^(?:wasi:(?:cli|clocks|filesystem|io|logging|config|random)\/|wasi:http\/types$|wasmcloud:bus\/lattice$|wrpc:rpc\/error$)/;

type Parts = Pick<WatchParts, "clock" | "dialects" | "interfaces" | "running">;

export function watchWorlds(parts: Parts, tell: Tell<"worlds">, signal: AbortSignal): void {
  const { clock, dialects, running } = parts;
  let told: readonly World[] | undefined;

  const importsOf = ({ imports }: World, interfaces: Interfaces): readonly WatchedImport[] =>
    [...imports].map(([name, functions]) => {
      const bare = withoutVersion(name);
      const own = dialects.some((dialect) => dialect.answers?.(name) !== undefined);
      const links = interfaces.importOf(name)?.links ?? [bare];
      const by = own || BY_NODE.test(bare) ? "node" : functions.size === 0 ? "types" : links;
      return { name, functions, by };
    });
  const send = async (now: ReturnType<typeof running.peek>): Promise<void> => {
    const interfaces = await parts.interfaces(signal);
    await tell(
      await Promise.all(
        now.map(async ({ id, kind, world }): Promise<WatchedWorld> => ({
          id,
          kind,
          imports: importsOf(world, await interfaces.importedBy(world)),
          exports: world.exports,
        })),
      ),
    );
  };
  /** Nothing, where all that runs is what ran when it was told last. */
  const read = (): ReturnType<typeof running.peek> | undefined => {
    const now = running.peek();
    const worlds = now.map(({ world }) => world);
    if (told?.length === worlds.length && told.every((each, at) => each === worlds[at])) {
      return undefined;
    }
    told = worlds;
    return now;
  };
  const changed = createPace(
    clock,
    TELL_EVERY_MS,
    read,
    (now) =>
      send(now).catch(() => {
        told = undefined; // the interfaces could not be loaded: the next change tries again
      }),
    signal,
  );
  running.subscribe(changed, signal);
  changed();
}
