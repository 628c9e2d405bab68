/** The offers that one set uses: made ready for it, put where calls of its components find them, begun, and ended. */
import type { Bus } from "../../core/bus.ts";
import type { Callee, Interceptor } from "../../core/call.ts";
import type { Clock } from "../../core/clock.ts";
import type { LatticeError } from "../../core/error.ts";
import type { LatticeId } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import type { BoundOffer, Offer, OfferMember, SetCallee } from "../../core/offer.ts";
import type { View } from "../../core/view.ts";
import type { WorkloadSetSpec } from "../../core/workload-set.ts";
import type { Item, RunningItem } from "./member.ts";
import type { Match } from "./matcher.ts";
import type { SetNames } from "./names.ts";
import type { Realm } from "./realm.ts";

import { shown } from "../interceptors/shown.ts";

export interface OffersParts {
  readonly realm: Pick<Realm, "put">;
  readonly intercept: Interceptor;
  /** The same for calls from this node; default: as all others. */
  readonly interceptLocal?: Interceptor | undefined;
  /** The connection that offers call by. */
  readonly rpc: Bus;
  readonly lattice: LatticeId;
  readonly jsDomain: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export interface SetOffers {
  /** Leaves what it has made ready to {@link dispose} when it throws. */
  bind(
    matches: readonly Match<Offer>[],
    items: readonly Item[],
    lasting: { readonly signal: AbortSignal; readonly lifetime: AbortSignal },
  ): Promise<void>;
  /** Has them bring calls to their components. */
  begin(running: ReadonlyMap<string, RunningItem>, signal: AbortSignal): Promise<void>;
  /** Hears why one can do its part no more, until `signal` aborts. */
  watch(onBroken: (offer: string, reason: LatticeError) => void, signal: AbortSignal): void;
  /** One promise for each that has begun. */
  end(signal: AbortSignal): readonly Promise<void>[];
  dispose(): readonly Promise<void>[];
}

interface Bound {
  readonly match: Match<Offer>;
  readonly own: BoundOffer;
  begun: boolean;
}

export function createSetOffers(
  { id, namespace, name }: WorkloadSetSpec,
  names: SetNames,
  parts: OffersParts,
): SetOffers {
  const { realm, intercept, interceptLocal = intercept, lattice, jsDomain, clock, log } = parts;
  const { rpc: bus } = parts;
  const bound: Bound[] = [];
  const set = { id, namespace, name };

  const put = ({ match: { offer, met }, own: { serves } }: Bound, lifetime: AbortSignal): void => {
    if (serves === undefined) return;
    const { world, callee } = serves;
    for (const entry of new Set([undefined, ...met.map((each) => each.entry.name)])) {
      // Who has several entries side by side hears which one is meant.
      const named = entry === undefined ? callee : toEntry(callee, entry);
      const target = {
        world,
        callee: interceptLocal(shown([world], named)),
        accepting: () => true,
      };
      realm.put(names.offer(offer.id, entry), target, lifetime);
    }
  };
  return {
    async bind(matches, items, { signal, lifetime }) {
      for (const match of matches) {
        const entries = match.met.map(({ entry }) => entry);
        const members = membersOf(match, items);
        const context = { set, entries, members, lattice, bus, jsDomain, clock, log };
        const own = await match.offer.bind?.(context, signal);
        if (own === undefined) continue;
        const each = { match, own, begun: false };
        bound.push(each);
        put(each, lifetime);
      }
    },
    async begin(running, signal) {
      for (const each of bound) {
        await each.own.begin?.(calleesOf(each.match, running), signal);
        each.begun = true;
      }
    },
    watch(onBroken, signal) {
      for (const { match, own } of bound) {
        follow(own.broken, (reason) => onBroken(match.offer.id, reason), signal);
      }
    },
    end: (signal) =>
      bound.flatMap(({ own, begun }) => (begun ? [asPromise(() => own.end?.(signal))] : [])),
    dispose: () => bound.splice(0).map(({ own }) => asPromise(() => own[Symbol.asyncDispose]())),
  };
}

function membersOf({ items: users }: Match, items: readonly Item[]): Map<string, OfferMember> {
  const members = new Map<string, OfferMember>();
  for (const { name, id, spec, component } of items) {
    if (!users.includes(name)) continue;
    members.set(name, { id, world: component.world, resources: spec.resources });
  }
  return members;
}

function calleesOf(
  { items: users }: Match,
  running: ReadonlyMap<string, RunningItem>,
): Map<string, SetCallee> {
  const callees = new Map<string, SetCallee>();
  for (const [name, { item, workload, served }] of running) {
    if (!users.includes(name)) continue;
    const { world, callee } = workload;
    callees.set(name, { id: item.id, world, callee, accepting: served.accepting });
  }
  return callees;
}

function toEntry(callee: Callee, link: string): Callee {
  return { invoke: (call) => callee.invoke({ ...call, link }) };
}

/** Tells of what `broken` says, what it says already included. */
export function follow(
  broken: View<LatticeError | undefined> | undefined,
  tell: (reason: LatticeError) => void,
  signal: AbortSignal,
): void {
  const look = (reason: LatticeError | undefined): void => {
    if (reason !== undefined && !signal.aborted) tell(reason);
  };
  broken?.subscribe(look, signal);
  look(broken?.peek());
}

/** What throws at once rejects as well. */
async function asPromise(work: () => PromiseLike<void> | undefined): Promise<void> {
  await work();
}
