/**
 * What `LATTICEDATA` says, entry by entry, as views: links by source, claims by subject.
 *
 * Entries that cannot be read are logged once and left out, and so is what is beyond the limits: others share the bucket.
 */
import type { Claims } from "../../../core/facts.ts";
import type { EntityId } from "../../../core/ids.ts";
import type { KvChange } from "../../../core/kv.ts";
import type { Link } from "../../../core/link.ts";
import type { Log } from "../../../core/log.ts";
import type { View } from "../../../core/view.ts";
import type { Written } from "./store.ts";

import { LatticeError, messageOf } from "../../../core/error.ts";
import { entityId } from "../../../core/ids.ts";
import { createSource } from "../../../core/view.ts";
import { linkOf } from "../link-json.ts";
import { readClaims } from "./claims.ts";
import { readSpec } from "./spec.ts";

export interface LatticeData {
  readonly links: View<ReadonlyMap<EntityId, readonly Link[]>>;
  readonly claims: View<ReadonlyMap<string, Claims>>;
  /** Takes what the bucket's watch tells. The views change at the end of the turn, so that a first reading is one change. */
  hear(change: KvChange): void;
  /** Takes over claims of this host's own components, whatever the bucket has. */
  learn(claims: Claims): void;
  /** Takes over what this host wrote itself, before the watch tells it. */
  wrote(id: EntityId, written: Written): void;
}

/** What a tab keeps of a lattice at most; whoever may write to the bucket could fill it otherwise. */
const MOST_LINKS = 20_000;
const MOST_CLAIMS = 5_000;
const MOST_COMPLAINTS = 1_000;

export const claimsKey = (subject: string): string => `CLAIMS_${subject}`;
export const specKey = (id: EntityId): string => `COMPONENT_${id}`;

export function createLatticeData(log: Log): LatticeData {
  const links = new Map<EntityId, readonly Link[]>();
  const claims = new Map<string, Claims>();
  const shownLinks = createSource<ReadonlyMap<EntityId, readonly Link[]>>(new Map());
  const shownClaims = createSource<ReadonlyMap<string, Claims>>(new Map());
  /** Revisions of what was written here and not told yet: what is told meanwhile may be older. */
  const ownRevisions = new Map<EntityId, number>();
  const complained = new Set<string>();
  let total = 0;
  let planned = false;

  const show = (): void => {
    planned = false;
    shownLinks.set(new Map(links));
    shownClaims.set(new Map(claims));
  };
  const plan = (): void => {
    if (planned) return;
    planned = true;
    queueMicrotask(show);
  };
  const complain = (key: string, problem: string): void => {
    if (complained.has(key)) return;
    if (complained.size < MOST_COMPLAINTS) complained.add(key);
    log.warn("facts.skipped", { key, problem });
  };

  const setLinks = (id: EntityId, value: readonly Link[] | undefined): void => {
    total += (value?.length ?? 0) - (links.get(id)?.length ?? 0);
    if (value === undefined) links.delete(id);
    else links.set(id, value);
  };
  const takeSpec = (id: EntityId, value: Uint8Array): void => {
    const found: Link[] = [];
    for (const { json } of readSpec(value).links) {
      try {
        found.push(linkOf(json));
      } catch (cause) {
        complain(`${specKey(id)} link to ${json.target}`.slice(0, 200), messageOf(cause));
      }
    }
    const others = total - (links.get(id)?.length ?? 0);
    if (others + found.length > MOST_LINKS) {
      throw new LatticeError("too-large", `this host keeps ${MOST_LINKS} links at most`);
    }
    setLinks(id, found);
  };
  const keepClaims = (read: Claims): void => {
    if (!claims.has(read.subject) && claims.size >= MOST_CLAIMS) {
      throw new LatticeError("too-large", `this host keeps ${MOST_CLAIMS} claims at most`);
    }
    claims.set(read.subject, read);
  };
  const takeClaims = (subject: string, value: Uint8Array): void => {
    const read = readClaims(value);
    if (read.subject !== subject) {
      throw new LatticeError("bad-message", `"subject" is ${read.subject}: subject mismatch`);
    }
    keepClaims(read);
  };
  /** By what stands before the key's first `_`. */
  const entries: Readonly<
    Record<string, { put(rest: string, value: Uint8Array): void; remove(rest: string): void }>
  > = {
    COMPONENT: {
      put: (rest, value) => takeSpec(entityId(rest), value),
      remove: (rest) => setLinks(entityId(rest), undefined),
    },
    CLAIMS: { put: takeClaims, remove: (rest) => void claims.delete(rest) },
    // What hosts before 1.0 left.
    LINKDEF: { put: () => undefined, remove: () => undefined },
    REFMAP: { put: () => undefined, remove: () => undefined },
  };

  return {
    links: shownLinks,
    claims: shownClaims,
    hear(change) {
      const { key } = change;
      const cut = key.indexOf("_");
      const kind = key.slice(0, Math.max(0, cut));
      const rest = key.slice(cut + 1);
      const entry = Object.hasOwn(entries, kind) ? entries[kind] : undefined;
      if (entry === undefined) return complain(key, "an entry of this kind is not known");
      try {
        if (kind === "COMPONENT" && isOlder(ownRevisions, rest, change)) return;
        if (change.operation === "put") entry.put(rest, change.value);
        else entry.remove(rest);
        complained.delete(key);
        plan();
      } catch (cause) {
        // What was read of it before stays in force, as on a Rust host.
        complain(key, messageOf(cause));
      }
    },
    learn(read) {
      try {
        keepClaims(read);
        show();
      } catch (cause) {
        complain(claimsKey(read.subject), messageOf(cause));
      }
    },
    wrote(id, { value, revision }) {
      try {
        takeSpec(id, value);
        ownRevisions.set(id, revision);
        show();
      } catch (cause) {
        complain(specKey(id), messageOf(cause));
      }
    },
  };
}

/** Whether this host wrote something newer than `change` itself; the first telling of at least that ends the doubt. */
function isOlder(own: Map<EntityId, number>, rest: string, change: KvChange): boolean {
  const id = entityId(rest);
  const written = own.get(id);
  if (written === undefined) return false;
  if (change.revision !== undefined && change.revision < written) return true;
  own.delete(id);
  return false;
}
