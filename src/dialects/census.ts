/**
 * Whether a native host is in the lattice: one that pings find, and whose labels do not say that it lives in a browser.
 *
 * Hosts tell of themselves when they start, each 30 s, and when they stop. Pings ask at the beginning, after each
 * reconnect, when the last native host seems gone, and when one starts; one that is late with its heartbeat is asked alone.
 *
 * Hosts of other generations tell of themselves on the very same subjects when their lattice has the same name. They answer
 * none of these pings and none of what the lattice is asked here: they do not count.
 */
import type { BusMessage } from "../core/bus.ts";
import type { Cancel } from "../core/clock.ts";
import type { DialectParts } from "../core/dialect.ts";
import type { View } from "../core/view.ts";
import type { Shape } from "../wire/shape.ts";

import { LatticeError, messageOf } from "../core/error.ts";
import { createSource } from "../core/view.ts";
import { anything, defaulting, dictionary, readJson, record, text } from "../wire/shape.ts";
import { lastToken } from "./route.ts";

/** How long answers to a ping are waited for before nobody native counts as there. */
const PING_WINDOW_MS = 1_000;
/** A heartbeat comes each 30 s; wadm warns of a host after 35 s. */
const LATE_MS = 35_000;
const ANSWER_LIMIT_MS = 2_000;
/** One is enough to stay out; more are known so that the first to leave is not asked after. */
const MOST_NATIVES = 64;

const NONE = new Uint8Array(0);

/** Labels of a host in a browser: this project's, or by the system's name any other's. */
function inBrowser(labels: ReadonlyMap<string, string>): boolean {
  return labels.get("hostcore.os") === "browser" || labels.has("inlay.browser");
}

/** What a generation calls what is asked here. */
export interface CensusWords {
  readonly ping: string;
  /** Where the host `id` is asked for its inventory. */
  readonly inventory: (id: string) => string;
  /** Where events of this name are told. */
  readonly event: (name: string) => string;
  /** Whether what a host says of itself is said by one of this generation; `undefined`: any could have said it. */
  readonly speaks: (data: ReadonlyMap<string, unknown>) => boolean | undefined;
  /** The answer to a ping. Throws `bad-message`. */
  readonly readPing: (data: Uint8Array) => HostNews;
}

export interface HostNews {
  readonly id: string;
  readonly labels: ReadonlyMap<string, string>;
}

const eventShape = record<{ source: string; data: ReadonlyMap<string, unknown> }>({
  source: text,
  data: dictionary(anything),
});
/** What an answer to a ping says of its host, whatever else it says. */
export const hostNews: Shape<HostNews> = record<HostNews>({
  id: text,
  labels: defaulting(dictionary(text), new Map()),
});

/**
 * `true` when no native host answers. `undefined` until that is known, and where these credentials cannot find out. The
 * host must answer pings itself by now: its own answer shows that pings arrive.
 */
export function takeCensus(
  { control, host, clock, log }: DialectParts,
  words: CensusWords,
  signal: AbortSignal,
): View<boolean | undefined> {
  const alone = createSource<boolean | undefined>(undefined);
  /** When each native host was last heard of, on the monotonic clock. */
  const natives = new Map<string, number>();
  let blind = false;
  /** Whether this host's own answer to the last ping came. */
  let heardSelf = false;
  /** Somebody may have come since the last ping. */
  let again = false;
  let cancelRound: Cancel | undefined;
  let cancelLook: Cancel | undefined;

  const openRound = (): void => {
    cancelRound?.();
    cancelRound = clock.after(PING_WINDOW_MS, () => {
      cancelRound = undefined;
      if (natives.size > 0 || blind || control.status.peek().phase !== "open") return;
      if (heardSelf) alone.set(true);
      // Nobody's answer, not even this host's own: these credentials may not ping, so silence says nothing.
      else log.warn("census.unanswered", { problem: "a ping did not even reach this host" });
      if (again) ping();
    });
  };
  const ping = (): void => {
    if (blind || signal.aborted) return;
    heardSelf = again = false;
    openRound();
    try {
      control.publish(words.ping, NONE, { reply: inbox });
    } catch {
      // The connection is down: its return asks again.
    }
  };
  const decide = (): void => {
    if (natives.size > 0) {
      alone.set(false);
      planLook();
    } else if (alone.peek() !== true && cancelRound === undefined) ping();
  };
  const hearOf = ({ id, labels }: HostNews): void => {
    if (id === host) return;
    if (inBrowser(labels)) natives.delete(id);
    else if (natives.has(id) || natives.size < MOST_NATIVES) {
      if (natives.size === 0) log.debug("census.native", { host: id });
      natives.set(id, clock.monotonic());
    }
    decide();
  };

  /** One ping at a time, however many say that they have come. */
  const ask = (): void => {
    if (cancelRound === undefined) ping();
    else again = true;
  };

  const planLook = (): void => {
    if (cancelLook !== undefined || natives.size === 0 || signal.aborted) return;
    const due = Math.min(...natives.values()) + LATE_MS;
    cancelLook = clock.after(Math.max(0, due - clock.monotonic()), () => {
      cancelLook = undefined;
      void look(); // hears its own failures
    });
  };
  const look = async (): Promise<void> => {
    const late = [...natives].filter(([, heard]) => clock.monotonic() - heard >= LATE_MS);
    await Promise.all(
      late.map(async ([id, heard]) => {
        if (await answers(id)) natives.set(id, clock.monotonic());
        else if (natives.get(id) === heard) natives.delete(id);
      }),
    );
    if (!signal.aborted) decide();
  };
  const answers = async (id: string): Promise<boolean> => {
    const limit = new AbortController();
    const cancel = clock.after(ANSWER_LIMIT_MS, () =>
      limit.abort(new LatticeError("deadline", `${id} did not answer`)),
    );
    try {
      await control.request(words.inventory(id), NONE, {
        signal: AbortSignal.any([signal, limit.signal]),
      });
      return true;
    } catch {
      return false; // gone, or as good as gone; a later heartbeat tells otherwise
    } finally {
      cancel();
    }
  };

  const inbox = control.newInbox();
  const listen = (subject: string, receive: (message: BusMessage) => void): void => {
    control.subscribe(
      subject,
      (message) => {
        try {
          receive(message);
        } catch (cause) {
          log.debug("census.unreadable", { subject: message.subject, problem: messageOf(cause) });
        }
      },
      {
        signal,
        onDenied(error) {
          blind = true;
          log.warn("census.denied", { subject, problem: error.message });
          alone.set(undefined);
        },
      },
    );
  };
  listen(inbox, ({ data, status }) => {
    if (status !== undefined) return;
    const news = words.readPing(data);
    if (news.id !== host) return hearOf(news);
    heardSelf = true;
    // Later than a round lasts: the machine or the line is slow, and others' answers may be as late.
    if (cancelRound === undefined && alone.peek() === undefined && natives.size === 0) openRound();
  });
  for (const event of ["host_started", "host_heartbeat", "host_stopped"]) {
    listen(words.event(event), ({ subject, data }) => {
      const { source, data: told } = readJson(data, eventShape);
      if (lastToken(subject) === "host_stopped") {
        if (natives.delete(source)) decide();
        return;
      }
      const ours = words.speaks(told);
      if (ours === false || source === host) return;
      const labels = dictionary(text)(told.get("labels"), "labels");
      if (ours || inBrowser(labels) || natives.has(source)) hearOf({ id: source, labels });
      else ask();
    });
  }
  control.status.subscribe(({ phase }) => phase === "open" && ping(), signal);
  signal.addEventListener(
    "abort",
    () => {
      cancelRound?.();
      cancelLook?.();
    },
    { once: true },
  );
  ping();
  return alone;
}
