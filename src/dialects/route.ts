/**
 * Control planes as tables: a {@link Route} says which command a subject means and how its bytes are read and
 * answered; {@link obeyRoutes} is the one loop that runs any table.
 */
import type { Bus, BusMessage } from "../core/bus.ts";
import type { CommandName, Commands, HostControl } from "../core/command.ts";
import type { Log } from "../core/log.ts";

import { flushed } from "../core/bus.ts";
import { LatticeError, messageOf, ownMessageOf } from "../core/error.ts";

export interface Route<Name extends CommandName = CommandName> {
  /** What a subject must be for this route; `*` in the place of its last token, or of its last two, takes any. */
  readonly subject: string;
  readonly command: Name;
  /** Throws for a payload that cannot be read. */
  decode(message: BusMessage): Commands[Name]["request"];
  /** What the sender is told if {@link decode} throws; absent: what it says. */
  readonly malformed?: string;
  /** `undefined`: no answer. */
  encode(
    reply: Commands[Name]["reply"],
    request: Commands[Name]["request"],
  ): Uint8Array | undefined;
}

/** A route with its command's types forgotten, so that routes of all commands fit into one table. */
export interface RouteEntry {
  readonly subject: string;
  answer(message: BusMessage, host: HostControl, encodeError: EncodeError): Promise<Answer>;
}

/** Tells a sender, in the words of its generation, that `message` was refused; `undefined`: no answer. */
export type EncodeError = (text: string, message: BusMessage) => Uint8Array | undefined;

/**
 * Bytes to reply with, if any, and what to log where something went wrong: the log has an error's causes, the sender hears
 * the outermost text alone, as upstream's hosts answer (`handle_ctl_message` of `wasmbus/mod.rs` @ v1.9.2).
 */
export interface Answer {
  readonly data: Uint8Array | undefined;
  readonly problem?: string;
}

export function route<Name extends CommandName>(row: Route<Name>): RouteEntry {
  return {
    subject: row.subject,
    async answer(message, host, encodeError) {
      let request: Commands[Name]["request"];
      try {
        request = row.decode(message);
      } catch (cause) {
        const told = row.malformed ?? ownMessageOf(cause);
        return { data: encodeError(told, message), problem: messageOf(cause) };
      }
      try {
        return { data: row.encode(await host.run(row.command, request), request) };
      } catch (cause) {
        return { data: encodeError(ownMessageOf(cause), message), problem: messageOf(cause) };
      }
    },
  };
}

/** A request that is no command: it is answered as `answer` does. */
export interface Asked<Request> {
  readonly subject: string;
  /** Throws for a payload that cannot be read. */
  decode(message: BusMessage): Request;
  /** What the sender is told if {@link decode} throws; absent: what it says. */
  readonly malformed?: string;
  /** `undefined`: no answer. */
  answer(request: Request, host: HostControl): Promise<Uint8Array | undefined>;
}

export function asked<Request>(row: Asked<Request>): RouteEntry {
  return {
    subject: row.subject,
    async answer(message, host, encodeError) {
      let request: Request;
      try {
        request = row.decode(message);
      } catch (cause) {
        const told = row.malformed ?? ownMessageOf(cause);
        return { data: encodeError(told, message), problem: messageOf(cause) };
      }
      try {
        return { data: await row.answer(request, host) };
      } catch (cause) {
        return { data: encodeError(ownMessageOf(cause), message), problem: messageOf(cause) };
      }
    },
  };
}

/** What stands for `*` in a route's subject. */
export function lastToken(subject: string): string {
  return subject.slice(subject.lastIndexOf(".") + 1);
}

const withoutLast = (subject: string): string => `${subject.slice(0, subject.lastIndexOf("."))}.*`;

export interface SharedSubject {
  readonly subject: string;
  readonly queue: string;
}

export interface RouteTable {
  /** Subjects to subscribe to, wildcards included. */
  readonly subscriptions: readonly string[];
  /** Subjects that one member of a queue group answers for the whole lattice. */
  readonly shared: readonly SharedSubject[];
  readonly routes: readonly RouteEntry[];
  /** What a message on a subscribed subject without a route is told, if anything. */
  readonly unknown: string;
  readonly encodeError: EncodeError;
}

export interface RouteParts {
  readonly bus: Bus;
  readonly host: HostControl;
  readonly log: Log;
}

/** Answers messages of the table's subjects. */
export function answerer(
  table: RouteTable,
  { bus, host, log }: RouteParts,
): (message: BusMessage) => void {
  const routes = new Map(table.routes.map((entry) => [entry.subject, entry]));

  const receive = async (message: BusMessage): Promise<void> => {
    const { subject } = message;
    const entry =
      routes.get(subject) ??
      routes.get(withoutLast(subject)) ??
      routes.get(`${withoutLast(withoutLast(subject).slice(0, -2))}.*`);
    const { data, problem } = (await entry?.answer(message, host, table.encodeError)) ?? {
      data: table.encodeError(table.unknown, message),
      problem: table.unknown,
    };
    if (problem !== undefined) log.warn("command.refused", { subject, problem });
    if (message.reply === undefined || data === undefined) return;
    try {
      bus.publish(message.reply, data);
    } catch (cause) {
      log.warn("command.unanswered", { subject, problem: messageOf(cause) });
    }
  };
  return (message) => void receive(message); // hears its own failures
}

/**
 * Listens to the table's own subjects until `signal` aborts; resolves when the server knows all subscriptions.
 *
 * @throws {LatticeError} `denied` if it refuses one.
 */
export async function obeyRoutes(
  table: RouteTable,
  parts: RouteParts,
  signal: AbortSignal,
): Promise<void> {
  const { bus, log } = parts;
  const receive = answerer(table, parts);
  let denied: LatticeError | undefined;
  for (const subject of table.subscriptions) {
    bus.subscribe(subject, receive, {
      signal,
      onDenied: (cause) => {
        log.error("command.denied", { subject, problem: cause.message });
        denied = new LatticeError("denied", `these credentials may not listen to ${subject}`, {
          cause,
        });
      },
    });
  }
  await flushed(bus, signal);
  // The server refuses before it answers the flush.
  if (denied !== undefined) throw denied;
}
