/**
 * Resources of components over wRPC, between Inlay nodes: what wRPC has no word for goes in headers that other peers do
 * not look at, and on subjects below the place that a handle names (`../../wire/place-subjects.ts`).
 */
import type { Bus, BusMessage, PublishOptions, Subscription } from "../../core/bus.ts";
import type { Served } from "../../core/dialect.ts";
import type { EntityId, LatticeId } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import type { WitType } from "../../core/wit.ts";

import { messageOf } from "../../core/error.ts";
import { placePrefix, placeTail } from "../../wire/place-subjects.ts";
import { isRandomId, readHandle } from "../../wire/resource-handle.ts";
import { decodeTuple, encodeTuple } from "../../wire/value.ts";

/** Of a call that makes resources: the caller's instance, as 32 hex digits. What was made for one can meet in one call. */
export const SESSION_HEADER = "inlay-session";
/** Of the message that ends a call without a result: `gone` if a handle led nowhere. */
const FAILURE_HEADER = "inlay-failure";

/** How the failure `code` is told; other peers see an end without a result. */
export function failureOptions(code: string): PublishOptions {
  return code === "gone" ? { headers: new Map([[FAILURE_HEADER, code]]) } : {};
}

export function saysGone(headers: BusMessage["headers"]): boolean {
  return headers?.get(FAILURE_HEADER) === "gone";
}

/** `undefined` for what no node could have chosen. */
export function sessionOf({ headers }: BusMessage): string | undefined {
  const session = headers?.get(SESSION_HEADER);
  return session !== undefined && isRandomId(session) ? session : undefined;
}

const DROP = "[resource-drop]";
const HANDLE: readonly WitType[] = [{ kind: "own", resource: "" }];

/** Tells the place that `handle` leads to that nobody has it any more; where that cannot be told, time ends it. */
export function publishDrop(
  { rpc, lattice, log }: { readonly rpc: Bus; readonly lattice: LatticeId; readonly log: Log },
  target: EntityId,
  [instance, resource]: readonly [instance: string, resource: string],
  handle: Uint8Array,
): void {
  const place = readHandle(handle)?.place;
  if (place === undefined) return;
  const subject = `${placePrefix(lattice, target, place)}${instance}.${DROP}${resource}`;
  try {
    rpc.publish(subject, encodeTuple(HANDLE, [handle]));
  } catch (cause) {
    log.debug("resource.drop-untold", { target, resource, problem: messageOf(cause) });
  }
}

/** Ends a call that came to a place where nothing is any more. */
export function answerGone(rpc: Bus, message: BusMessage): void {
  answerNothing(rpc, message, failureOptions("gone"));
}

function answerNothing(rpc: Bus, { reply }: BusMessage, options?: PublishOptions): void {
  if (reply !== undefined) rpc.publish(`${reply}.results`, new Uint8Array(0), options);
}

export interface PlaceParts<Endpoint> {
  readonly rpc: Bus;
  readonly lattice: LatticeId;
  readonly log: Log;
  readonly served: Served;
  readonly endpoints: readonly Endpoint[];
  readonly receive: (endpoint: Endpoint, message: BusMessage) => void;
  readonly onDenied: (subject: string, cause: Error) => void;
}

/** Takes the calls and drops for the place of what is served, if it has one: nobody else can answer them. */
export function subscribeToPlace<
  Endpoint extends { readonly instance: string; readonly func: string },
>(parts: PlaceParts<Endpoint>): Subscription | undefined {
  const { rpc, lattice, log, served, endpoints } = parts;
  const { resources } = served;
  if (resources === undefined) return undefined;
  const prefix = placePrefix(lattice, served.id, resources.place);
  const byTail = new Map(endpoints.map((each) => [placeTail(each.instance, each.func), each]));
  const drop = ({ data }: BusMessage): void => {
    try {
      const [handle] = decodeTuple(HANDLE, data)?.values ?? [];
      if (handle instanceof Uint8Array) resources.drop(handle);
    } catch (cause) {
      log.debug("resource.drop-unread", { workload: served.id, problem: messageOf(cause) });
    }
  };
  return rpc.subscribe(
    `${prefix}>`,
    (message) => {
      const tail = message.subject.slice(prefix.length);
      const endpoint = byTail.get(tail);
      if (endpoint !== undefined) parts.receive(endpoint, message);
      else if (tail.includes(DROP)) drop(message);
      // Nobody answers for what is not there: the caller hears no 503, for somebody listens.
      else answerNothing(rpc, message);
    },
    { onDenied: (cause) => parts.onDenied(`${prefix}>`, cause) },
  );
}
