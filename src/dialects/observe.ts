/**
 * What other hosts of a wasmbus lattice say of themselves, for whoever shows the lattice: events as they come, and answers to
 * pings and to questions after inventories, at the beginning, after each reconnect, and of hosts that are late.
 *
 * Peers are hostile: what cannot be read is left out, ids that are no subject's token are nobody's, and a second of all that
 * is read is bounded.
 */
import type { BusMessage } from "../core/bus.ts";
import type { Cancel } from "../core/clock.ts";
import type { DialectParts } from "../core/dialect.ts";
import type { HostWord, InventoryWord, Listening, Observation, Word } from "../core/observation.ts";
import type { Shape } from "../wire/shape.ts";

import { keepBeating } from "../core/beat.ts";
import { LatticeError, messageOf } from "../core/error.ts";
import { createSource } from "../core/view.ts";
import { anything, list, readJson, record, text } from "../wire/shape.ts";
import { createAsking } from "./observe-asking.ts";
import { createRation } from "./observe-ration.ts";

/** How long answers to the first ping are waited for until silence says something. */
const PING_WINDOW_MS = 2_000;
/** Where events cannot be heard, hosts are asked as often as they would tell of themselves. */
const ASK_EVERY_MS = 30_000;

const NONE = new Uint8Array(0);

/** What a generation calls what is asked and heard here. */
export interface ObserverWords {
  readonly ping: string;
  /** Where the host `id` is asked for its inventory. */
  readonly inventory: (id: string) => string;
  /** Where events of this name are told. */
  readonly event: (name: string) => string;
  /** By the names of events; the readers throw `bad-message`. */
  readonly events: Readonly<Record<string, EventReader>>;
  readonly readPing: (data: Uint8Array) => { readonly id: string; readonly word: HostWord };
  readonly readInventory: (data: Uint8Array) => InventoryWord;
}

/** `ask`: the host is to be asked for all of itself; `undefined`: another generation's, or nothing to show. */
export type EventReader = (data: unknown, host: string) => Word | "ask" | undefined;

const eventShape = record<{ source: string; data: unknown }>({ source: text, data: anything });

/** A list of which what has another form is left out. */
export function readable<T>(shape: Shape<T>): Shape<readonly T[]> {
  return (value, path) =>
    list(anything)(value, path).flatMap((each) => {
      try {
        return [shape(each, path)];
      } catch {
        return []; // one broken entry hides no others
      }
    });
}

/** What hosts of both generations say of themselves, in JSON's words. */
export function hostWord(said: {
  readonly friendly_name: string | undefined;
  readonly labels: ReadonlyMap<string, string> | undefined;
  readonly version: string | undefined;
  readonly uptime_seconds: number | undefined;
}): HostWord {
  return {
    friendlyName: said.friendly_name,
    labels: said.labels ?? new Map(),
    version: said.version,
    uptimeSeconds: said.uptime_seconds,
  };
}

/** An id that can stand in a subject. */
export const isToken = (id: string): boolean => /^[-\w]{1,128}$/.test(id);

export function observeHosts(
  { control, host, clock, log }: DialectParts,
  words: ObserverWords,
  hear: (word: Word) => void,
  signal: AbortSignal,
): Observation {
  const listening = createSource<Listening>({ phase: "asking" });
  const denied = new Set<string>();
  /** Subjects on which something could not be read: each is told once. */
  const unreadable = new Set<string>();
  let answersAwaited = true;
  let cancelWait: Cancel | undefined;

  const show = (): void => {
    if (control.status.peek().phase !== "open") listening.set({ phase: "stale" });
    else if (denied.size > 0) listening.set({ phase: "denied", events: [...denied].toSorted() });
    else listening.set({ phase: answersAwaited ? "asking" : "live" });
  };
  const asking = createAsking(
    { control, clock, subject: words.inventory },
    (id, data) => {
      const inventory = reading(words.inventory("*"), () => words.readInventory(data));
      if (inventory !== undefined) hear({ type: "inventory", host: id, inventory });
    },
    signal,
  );
  const ping = (): void => {
    if (signal.aborted) return;
    try {
      control.publish(words.ping, NONE, { reply: inbox });
    } catch {
      // The connection is down: its return asks again.
    }
  };
  const ration = createRation(clock, ping, signal);

  function reading<T>(where: string, read: () => T): T | undefined {
    try {
      return read();
    } catch (cause) {
      if (!unreadable.has(where)) {
        log.debug("lattice.unreadable", { subject: where, problem: messageOf(cause) });
      }
      unreadable.add(where);
      return undefined;
    }
  }
  const listen = (
    subject: string,
    receive: (message: BusMessage) => void,
    onDenied?: () => void,
  ): void => {
    control.subscribe(
      subject,
      (message) => {
        if (message.status === undefined && ration.take()) {
          reading(subject, () => receive(message));
        }
      },
      {
        signal,
        onDenied(error) {
          log.info("lattice.denied", { subject, problem: error.message });
          onDenied?.();
        },
      },
    );
  };
  const others = (id: string): boolean => {
    if (!isToken(id)) throw new LatticeError("bad-message", "a host's id must be a plain word");
    return id !== host;
  };

  for (const [name, read] of Object.entries(words.events)) {
    const receive = ({ data }: BusMessage): void => {
      const told = readJson(data, eventShape);
      if (!others(told.source)) return;
      const word = read(told.data, told.source);
      if (word === "ask") asking.ask(told.source);
      else if (word !== undefined) hear(word);
    };
    listen(words.event(name), receive, () => {
      denied.add(name);
      show();
    });
  }
  const inbox = control.newInbox();
  listen(inbox, ({ data }) => {
    const { id, word } = words.readPing(data);
    if (!others(id)) return;
    hear({ type: "presence", host: id, word });
    asking.ask(id);
  });

  const begin = (): void => {
    answersAwaited = true;
    show();
    ping();
    cancelWait?.();
    cancelWait = clock.after(PING_WINDOW_MS, () => {
      answersAwaited = false;
      show();
    });
  };
  signal.addEventListener("abort", () => cancelWait?.(), { once: true });
  control.status.subscribe(({ phase }) => (phase === "open" ? begin() : show()), signal);
  keepBeating(clock, ASK_EVERY_MS, () => denied.size > 0 && ping(), signal);
  begin();
  return {
    listening,
    unread: () => ration.unread(),
    ask: (id) => asking.ask(id),
  };
}
