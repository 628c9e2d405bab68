/**
 * The tabs of one origin without a browser: channels, locks and a store that all share, and tabs that can be frozen, thawed
 * and killed. What happens to a tab happens in tasks of its own, in order; a frozen one's wait.
 */
import type { Epoch, KeptStream, KeptStreams, StreamChange } from "../../src/core/kept-streams.ts";
import type { Log } from "../../src/core/log.ts";
import type { Channel, Held, SoloPorts } from "../../src/bus/solo-ports.ts";

import { SOLO_NAMES } from "../../src/bus/solo-words.ts";
import { LatticeError } from "../../src/core/error.ts";
import { realClock } from "./real-clock.ts";

export interface SoloTab {
  readonly ports: SoloPorts;
  /** Nothing happens in it until it is thawed. */
  freeze(): void;
  thaw(): void;
  /** Resolves in a task of the tab. */
  turn(): Promise<void>;
  /** It is gone, without a word. */
  kill(): void;
  /** What it writes from now on reaches the store only when this is called again with false. */
  holdWrites(hold: boolean): void;
}

export interface SoloOrigin {
  openTab(options?: { readonly log?: Log; readonly random?: () => number }): SoloTab;
  /** Of the channels of all tabs. */
  readonly posts: () => number;
  /** As they are kept. */
  readonly streams: ReadonlyMap<string, KeptStream>;
  readonly epoch: () => number;
  /** As a person does who clears what the browser keeps of a site. */
  clear(): void;
  /** The tab that has the lock of the arbiter. */
  readonly arbiter: () => SoloTab | undefined;
}

interface Tab {
  task(run: () => void): void;
  readonly shown: () => SoloTab;
}

interface Waiting {
  readonly tab: Tab;
  readonly grant: (held: Held, lose: () => void) => void;
}

interface Holder {
  readonly tab: Tab;
  readonly lose: () => void;
}

const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

export function createSoloOrigin(): SoloOrigin {
  const channels = new Map<string, Set<{ readonly tab: Tab; hear(message: unknown): void }>>();
  const holders = new Map<string, Holder>();
  const lines = new Map<string, Waiting[]>();
  const streams = new Map<string, KeptStream>();
  let last: Epoch = { epoch: 0, by: "" };
  let posts = 0;
  let names = 0;

  const give = (name: string, { tab, grant }: Waiting): void => {
    let onLost: () => void = () => undefined;
    const lost = new Promise<void>((resolve) => (onLost = resolve));
    const holder: Holder = { tab, lose: () => tab.task(onLost) };
    holders.set(name, holder);
    const release = (): void => {
      if (holders.get(name) === holder) next(name);
    };
    tab.task(() => grant({ release, lost }, holder.lose));
  };
  const next = (name: string): void => {
    holders.delete(name);
    const waiting = lines.get(name)?.shift();
    if (waiting !== undefined) give(name, waiting);
  };
  const stored = ({ stream, removed, put, ...rest }: StreamChange): void => {
    const messages = new Map(streams.get(stream)?.messages);
    for (const sequence of removed) messages.delete(sequence);
    if (put !== undefined) messages.set(rest.last, structuredClone(put));
    streams.set(stream, { name: stream, messages, ...structuredClone(rest) });
  };

  const openTab: SoloOrigin["openTab"] = ({ log = silentLog, random } = {}) => {
    let frozen = false;
    let dead = false;
    let tasks: (() => void)[] = [];
    let heldWrites: (() => void)[] | undefined;
    let running = false;
    const runSome = (): void => {
      running = false;
      if (frozen || dead) return;
      const run = tasks.shift();
      run?.();
      if (tasks.length > 0) runSoon();
    };
    const runSoon = (): void => {
      if (running) return;
      running = true;
      setImmediate(runSome);
    };
    const tab: Tab = {
      shown: () => shown,
      task(run) {
        if (dead) return;
        tasks.push(run);
        runSoon();
      },
    };
    const answer = <T>(work: () => T): Promise<T> =>
      new Promise((resolve, reject) => {
        try {
          const result = work();
          tab.task(() => resolve(result));
        } catch (thrown) {
          tab.task(() => reject(thrown));
        }
      });
    const store: KeptStreams = {
      last: () => answer(() => last),
      take: (wanted) =>
        answer(() => {
          if (wanted.epoch <= last.epoch) return false;
          last = wanted;
          return true;
        }),
      load: () => answer(() => structuredClone(Array.from(streams.values()))),
      write(under, change) {
        const write = (): Promise<void> =>
          answer(() => {
            if (last.epoch > under) throw new LatticeError("gone", `epoch ${under} is over`);
            stored(change);
          });
        const held = heldWrites;
        if (held === undefined) return write();
        return new Promise<void>((resolve) => void held.push(resolve)).then(write);
      },
      close: () => undefined,
    };
    const ports: SoloPorts = {
      log,
      store,
      unique: () => `u${++names}`,
      ...(random === undefined ? {} : { random }),
      clock: {
        ...realClock,
        after: (ms, run) => {
          let cancelled = false;
          const cancel = realClock.after(ms, () => tab.task(() => cancelled || run()));
          return () => {
            cancelled = true;
            cancel();
          };
        },
      },
      openChannel(name, receive): Channel {
        const joined = channels.get(name) ?? new Set();
        channels.set(name, joined);
        let open = true;
        const me = {
          tab,
          hear: (message: unknown) => tab.task(() => open && receive(message)),
        };
        joined.add(me);
        return {
          post(message) {
            if (dead || !open) return;
            posts++;
            for (const other of joined) if (other !== me) other.hear(structuredClone(message));
          },
          close() {
            open = false;
            joined.delete(me);
          },
        };
      },
      locks: {
        wait: (name, signal) =>
          new Promise((resolve, reject) => {
            if (signal.aborted) return reject(signal.reason as Error);
            const waiting: Waiting = { tab, grant: resolve };
            const line = lines.get(name) ?? [];
            lines.set(name, line);
            line.push(waiting);
            signal.addEventListener("abort", () => {
              const at = line.indexOf(waiting);
              if (at === -1) return;
              line.splice(at, 1);
              reject(signal.reason as Error);
            });
            if (!holders.has(name)) next(name);
          }),
        held: () => answer(() => Array.from(holders.keys())),
        steal: (name) =>
          new Promise((resolve) => {
            holders.get(name)?.lose();
            give(name, { tab, grant: resolve });
          }),
      },
    };
    const shown: SoloTab = {
      ports,
      turn: () => new Promise((resolve) => tab.task(resolve)),
      freeze() {
        frozen = true;
      },
      thaw() {
        frozen = false;
        runSoon();
      },
      kill() {
        dead = true;
        tasks = [];
        for (const joined of channels.values()) {
          for (const each of joined) if (each.tab === tab) joined.delete(each);
        }
        for (const [name, line] of lines) {
          lines.set(
            name,
            line.filter((each) => each.tab !== tab),
          );
        }
        for (const [name, holder] of holders) if (holder.tab === tab) next(name);
      },
      holdWrites(hold) {
        const held = heldWrites;
        heldWrites = hold ? [] : undefined;
        for (const write of held ?? []) write();
      },
    };
    return shown;
  };
  return {
    openTab,
    streams,
    posts: () => posts,
    epoch: () => last.epoch,
    clear() {
      last = { epoch: 0, by: "" };
      streams.clear();
    },
    arbiter: () => holders.get(SOLO_NAMES.office)?.tab.shown(),
  };
}
