/**
 * The links of one provider: tells it of those that have it at one end, with the configuration of its end, of changes of
 * either, and of removals; one at a time.
 *
 * Links are what the lattice keeps ({@link Facts}). Where it keeps nothing, what other hosts say on the bus counts.
 * Other than upstream's SDKs, a provider hears of configuration that changes under a link, and knows links by all of
 * their key, not by their other end alone.
 */
import type { Facts, Values } from "../core/facts.ts";
import type { EntityId } from "../core/ids.ts";
import type { Link } from "../core/link.ts";
import type { Log } from "../core/log.ts";
import type { Provider, ProviderLink } from "../core/provider.ts";
import type { View } from "../core/view.ts";
import type { Links } from "./links.ts";

import { messageOf } from "../core/error.ts";
import { sameKey } from "../core/link.ts";
import { keeps } from "./kept-facts.ts";
import { sameValues } from "./same-values.ts";

/** Links that peers on the bus may make a provider keep. */
const MOST_TOLD = 1000;

export interface ProviderLinksParts {
  readonly id: EntityId;
  /** Under which it serves. Links of contracts pertain to it only if they have this name. */
  readonly linkName: string;
  readonly provider: Pick<Provider, "link" | "unlink">;
  readonly facts: Facts | undefined;
  /** Links that lattices keep elsewhere. */
  readonly links: View<Links>;
  /** Named configuration, merged and followed until `until` aborts. */
  readonly config: (names: readonly string[], until: AbortSignal) => Promise<View<Values>>;
  readonly log: Log;
  /** The number of links that the provider has taken has changed. */
  readonly changed: () => void;
}

export interface ProviderLinks {
  /** Links that the provider has taken. */
  size(): number;
  /** Resolves when the provider was told of all that is known now; links that failed are tried again. */
  settle(): Promise<void>;
  /** What a host says on the bus. */
  told(link: Link, config: Readonly<Record<ProviderLink["role"], Values>>): void;
  untold(link: Link): void;
  /** Tells no more; resolves when the last telling has ended. */
  end(): Promise<void>;
}

interface Known {
  readonly link: Link;
  readonly role: ProviderLink["role"];
  readonly over: AbortController;
  readonly values: View<Values>;
  /** As the provider took it; absent while it has not. */
  taken?: ProviderLink;
}

interface Wanted {
  readonly link: Link;
  readonly role: ProviderLink["role"];
  /** As told on the bus; else it is resolved by name. */
  readonly values?: Values;
}

export function createProviderLinks(parts: ProviderLinksParts): ProviderLinks {
  const { id, provider, facts, log } = parts;
  const over = new AbortController();
  const known = new Map<string, Known>();
  const bus = new Map<string, Wanted>();
  let running: Promise<void> | undefined;
  let again = false;

  const wanted = (): ReadonlyMap<string, Wanted> => {
    const found = new Map(keeps(facts) ? [] : bus);
    for (const kept of [...(keeps(facts) ? [facts.links] : []), parts.links]) {
      for (const link of [...kept.peek().values()].flat()) {
        if (link.contract !== undefined && link.name !== parts.linkName) continue;
        for (const each of rolesIn(link, id)) found.set(nameOf(each), each);
      }
    }
    return found;
  };

  const drop = async (name: string, entry: Known): Promise<void> => {
    known.delete(name);
    entry.over.abort();
    const { taken } = entry;
    if (taken !== undefined)
      await attempt("provider.unlink-failed", entry, () => provider.unlink(taken));
  };
  const attempt = async (
    event: string,
    { link, role }: Wanted | Known,
    work: () => Promise<void>,
  ): Promise<boolean> => {
    try {
      await work();
      return true;
    } catch (cause) {
      if (!over.signal.aborted) {
        const peer = role === "source" ? link.target : link.source;
        log.warn(event, { provider: id, peer, link: link.name, problem: messageOf(cause) });
      }
      return false;
    }
  };
  /** Takes up a link that is new, or that is not as it was. */
  const begin = async (name: string, each: Wanted): Promise<void> => {
    const own = new AbortController();
    await attempt("provider.link-unresolved", each, async () => {
      const names = each.role === "source" ? each.link.sourceConfig : each.link.targetConfig;
      const values =
        each.values === undefined
          ? await parts.config(names, AbortSignal.any([own.signal, over.signal]))
          : fixed(each.values);
      const before = known.get(name);
      before?.over.abort();
      known.set(name, {
        link: each.link,
        role: each.role,
        over: own,
        values,
        ...(before?.taken === undefined ? {} : { taken: before.taken }),
      });
      values.subscribe(() => void settle(), own.signal);
    });
    if (known.get(name)?.over !== own) own.abort();
  };
  /** Tells what the provider has not heard of yet. */
  const tell = async (entry: Known): Promise<void> => {
    const config = entry.values.peek();
    const { link, role, taken } = entry;
    if (taken?.link === link && sameValues(taken.config, config)) return;
    const next: ProviderLink = { link, role, config };
    const took = await attempt("provider.link-failed", entry, () =>
      provider.link(next, over.signal),
    );
    if (took) entry.taken = next;
  };
  const round = async (): Promise<void> => {
    const now = wanted();
    for (const [name, entry] of Array.from(known)) {
      // oxlint-disable-next-line no-await-in-loop -- one telling at a time
      if (!now.has(name)) await drop(name, entry);
    }
    for (const [name, each] of now) {
      if (over.signal.aborted) return;
      const entry = known.get(name);
      const unchanged =
        entry !== undefined && sameEnds(entry.link, each.link) && !retold(entry, each);
      // oxlint-disable-next-line no-await-in-loop -- as above
      if (!unchanged) await begin(name, each);
      const present = known.get(name);
      // oxlint-disable-next-line no-await-in-loop -- as above
      if (present !== undefined) await tell(present);
    }
    parts.changed();
  };
  const rounds = async (): Promise<void> => {
    do {
      again = false;
      // oxlint-disable-next-line no-await-in-loop -- as above
      await round();
    } while (again && !over.signal.aborted);
    running = undefined;
  };
  const settle = (): Promise<void> => {
    if (over.signal.aborted) return running ?? Promise.resolve();
    again = running !== undefined;
    return (running ??= rounds());
  };

  facts?.links.subscribe(() => void settle(), over.signal);
  parts.links.subscribe(() => void settle(), over.signal);
  facts?.status.subscribe(() => void settle(), over.signal);
  return {
    size: () => [...known.values()].filter(({ taken }) => taken !== undefined).length,
    settle,
    told(link, config) {
      if (keeps(facts)) return;
      for (const each of rolesIn(link, id)) {
        const name = nameOf(each);
        if (!bus.has(name) && bus.size >= MOST_TOLD) {
          log.warn("provider.link-refused", {
            provider: id,
            problem: `${MOST_TOLD} links are told`,
          });
          continue;
        }
        bus.set(name, { ...each, values: config[each.role] });
      }
      void settle();
    },
    untold(link) {
      for (const each of rolesIn(link, id)) bus.delete(nameOf(each));
      void settle();
    },
    async end() {
      over.abort();
      await running;
      for (const entry of known.values()) entry.over.abort();
    },
  };
}

/** The ends of `link` at which `id` stands: none, one, or both. */
function rolesIn(link: Link, id: EntityId): readonly Wanted[] {
  return [
    ...(link.source === id ? [{ link, role: "source" } as const] : []),
    ...(link.target === id
      ? [
          {
            link,
            role: "target",
            ...(link.targetValues === undefined ? {} : { values: link.targetValues }),
          } as const,
        ]
      : []),
  ];
}

function nameOf({ link, role }: Wanted): string {
  return [role, link.source, link.target, link.name, link.namespace, link.package].join(" ");
}

function sameEnds(one: Link, other: Link): boolean {
  const same = (left: readonly string[], right: readonly string[]): boolean =>
    left.length === right.length && left.every((each, index) => each === right[index]);
  return (
    sameKey(one, other) &&
    same(one.interfaces, other.interfaces) &&
    same(one.sourceConfig, other.sourceConfig) &&
    same(one.targetConfig, other.targetConfig)
  );
}

/** Told on the bus with other values than before. */
function retold(entry: Known, { values }: Wanted): boolean {
  return values !== undefined && !sameValues(entry.values.peek(), values);
}

function fixed<T>(value: T): View<T> {
  return { peek: () => value, subscribe: () => undefined };
}
