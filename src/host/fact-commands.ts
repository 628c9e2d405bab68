/** Commands about what the lattice keeps: links, configuration, claims. Each change is stored, then told, then answered. */
import type { Clock } from "../core/clock.ts";
import type { CommandHandlers } from "../core/command.ts";
import type { HostEvent } from "../core/event.ts";
import type { Facts } from "../core/facts.ts";

import { LatticeError, messageOf } from "../core/error.ts";

export interface FactCommandParts {
  /** Absent where no dialect of this node has a place for them. */
  readonly facts: Facts | undefined;
  readonly announce: (event: HostEvent) => void;
  readonly clock: Clock;
}

export interface FactCommands {
  readonly handlers: Pick<
    CommandHandlers,
    | "link.put"
    | "link.remove"
    | "link.list"
    | "config.put"
    | "config.get"
    | "config.remove"
    | "claims.list"
  >;
  /** Resolves when no change is under way. */
  settled(): Promise<void>;
}

/** Nobody waits longer for an answer: clients of the control interface give up after 2 s. */
const CHANGE_LIMIT_MS = 10_000;

export function factCommands({ facts: given, announce, clock }: FactCommandParts): FactCommands {
  const unfinished = new Set<Promise<unknown>>();

  const facts = (): Facts => {
    if (given !== undefined) return given;
    throw new LatticeError("unsupported", "no dialect of this node keeps links or configuration");
  };
  /** A change that has begun ends by itself, also when the host stops meanwhile. */
  const change = async <T>(run: (facts: Facts, signal: AbortSignal) => Promise<T>): Promise<T> => {
    const limit = new AbortController();
    const text = `the lattice's store did not answer within ${CHANGE_LIMIT_MS / 1000} s`;
    const cancel = clock.after(CHANGE_LIMIT_MS, () =>
      limit.abort(new LatticeError("deadline", text)),
    );
    const done = run(facts(), limit.signal).finally(cancel);
    const ended = done.catch(() => undefined); // heard by whoever sent the command
    unfinished.add(ended);
    void ended.then(() => unfinished.delete(ended));
    return done;
  };

  return {
    handlers: {
      async "link.put"(link) {
        try {
          await change((store, signal) => store.putLink(link, signal));
        } catch (cause) {
          announce({ type: "link-refused", link, error: messageOf(cause) });
          throw cause;
        }
        announce({ type: "link-put", link });
      },
      async "link.remove"(key) {
        const gone = await change((store, signal) => store.removeLink(key, signal));
        if (gone === "unknown") return gone;
        // Told also when no link matched, so that repeating a removal does no harm.
        const link = gone === "no-link" ? undefined : gone;
        announce({ type: "link-removed", key, link });
        return gone;
      },
      async "link.list"() {
        return [...facts().links.peek().values()].flat();
      },
      async "config.put"({ name, body }) {
        await change((store, signal) => store.putConfig(name, body, signal));
        announce({ type: "config-put", name });
      },
      "config.get": ({ name }) => change((store, signal) => store.readConfig(name, signal)),
      async "config.remove"({ name }) {
        await change((store, signal) => store.removeConfig(name, signal));
        announce({ type: "config-removed", name });
      },
      async "claims.list"() {
        return [...facts().claims.peek().values()];
      },
    },
    async settled() {
      await Promise.all(unfinished);
    },
  };
}
