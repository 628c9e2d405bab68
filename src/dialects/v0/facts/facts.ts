/**
 * What a 0.82 lattice keeps for all of its hosts, in `LATTICEDATA`: link definitions and claims
 * (wasmCloud v0.82.0 `crates/host/src/wasmbus/mod.rs`).
 *
 * Entries that cannot be read are logged once and left out: others share the bucket.
 */
import type { SignedClaims } from "../../../core/claims.ts";
import type { DialectParts } from "../../../core/dialect.ts";
import type { EntityId } from "../../../core/ids.ts";
import type { KvBucket, KvChange } from "../../../core/kv.ts";
import type { View } from "../../../core/view.ts";
import type { LinkDefinition, LinkDefinitionKey } from "./link-definition.ts";
import type { StoredClaims } from "./stored-claims.ts";

import { LatticeError, messageOf } from "../../../core/error.ts";
import { createEntries } from "./entries.ts";
import { linkId, linkKey, readLinkJson, writeLinkJson } from "./link-definition.ts";
import { claimsKey, readStoredClaims, writeStoredClaims } from "./stored-claims.ts";

export interface V0Facts {
  /** By the id of the definition. */
  readonly links: View<ReadonlyMap<string, LinkDefinition>>;
  /** By subject. */
  readonly claims: View<ReadonlyMap<string, StoredClaims>>;
  /** Resolves when all was read once; goes on following until `signal` aborts. Throws as {@link KvBucket}. */
  follow(signal: AbortSignal): Promise<void>;
  /** Gives the id. `stored`: its JSON as it came, which may have more in it than is known here. */
  putLink(link: LinkDefinition, signal: AbortSignal, stored?: Uint8Array): Promise<string>;
  /** The definition that went, if there was one. */
  removeLink(key: LinkDefinitionKey, signal: AbortSignal): Promise<LinkDefinition | undefined>;
  /** Keeps claims, unless just these are kept already. */
  putClaims(claims: StoredClaims, signal: AbortSignal): Promise<void>;
}

/** What a tab keeps of a lattice at most; whoever may write to the bucket could fill it otherwise. */
const MOST_ENTRIES = 20_000;
const MOST_COMPLAINTS = 1_000;

/** What became of a link definition after the first reading. `link`: as it is, or as it was. */
export interface LinkChange {
  readonly change: "put" | "removed";
  readonly id: string;
  readonly link: LinkDefinition;
}

export function createV0Facts(
  parts: DialectParts,
  onLink: (change: LinkChange) => void = () => undefined,
): V0Facts {
  const { control, lattice, log, jsDomain } = parts;
  const links = createEntries<LinkDefinition>(MOST_ENTRIES);
  const claims = createEntries<StoredClaims>(MOST_ENTRIES);
  const complained = new Set<string>();
  /** Definitions as the store has told of them; `links` has those of this host sooner. */
  const told = new Map<string, LinkDefinition>();
  /** All was read once. */
  let live = false;
  let opened: Promise<KvBucket> | undefined;

  const open = (signal: AbortSignal): Promise<KvBucket> => {
    const domain = jsDomain === undefined ? {} : { domain: jsDomain };
    opened ??= control
      .bucket(`LATTICEDATA_${lattice}`, { signal, create: true, ...domain })
      .catch((cause: unknown) => {
        opened = undefined; // the next one tries again
        throw cause;
      });
    return opened;
  };
  const complain = (key: string, problem: string): void => {
    if (complained.has(key) || complained.size >= MOST_COMPLAINTS) return;
    complained.add(key);
    log.warn("facts.unreadable", { key, problem });
  };
  /** What is to be told of changes that nobody sees yet. */
  let untold: LinkChange[] = [];
  const show = (): void => {
    links.show();
    claims.show();
    const now = untold;
    untold = [];
    for (const change of now) {
      try {
        onLink(change);
      } catch (cause) {
        complain(linkKey(change.id), messageOf(cause));
      }
    }
  };
  const hear = async ({ key, ...change }: KvChange): Promise<void> => {
    const cut = key.indexOf("_");
    const [kind, id] = [key.slice(0, Math.max(0, cut)), key.slice(cut + 1)];
    try {
      if (kind === "LINKDEF") {
        if (change.operation !== "put") {
          links.remove(id);
          const gone = told.get(id);
          told.delete(id);
          if (live && gone !== undefined) untold.push({ change: "removed", id, link: gone });
          return;
        }
        const link = readLinkJson(change.value);
        if ((await linkId(link)) !== id)
          throw new LatticeError("bad-message", "linkdef hash mismatch");
        links.put(id, link);
        told.set(id, link);
        if (live) untold.push({ change: "put", id, link });
      } else if (kind === "CLAIMS" && change.operation === "put") {
        const read = readStoredClaims(change.value);
        if (read.subject !== id) throw new LatticeError("bad-message", "claims subject mismatch");
        claims.put(id, read);
      } else if (kind === "CLAIMS") {
        claims.remove(id);
      }
      complained.delete(key);
    } catch (cause) {
      complain(key, messageOf(cause));
    }
  };
  const unheard: KvChange[] = [];
  let hearing: Promise<void> | undefined;
  /**
   * In the order in which they were told, though the id of a link takes a turn to compute. Changes in quick succession are
   * shown together, and all of the first reading at its end.
   *
   * One loop, not a chain of promises: for each error that is made, engines look along all of the chain.
   */
  const hearAll = async (): Promise<void> => {
    while (unheard.length > 0) {
      for (const change of unheard.splice(0)) await hear(change);
      if (live) show();
    }
    hearing = undefined;
  };

  return {
    links: links.view,
    claims: claims.view,
    async follow(signal) {
      const bucket = await open(signal);
      const receive = (change: KvChange): void => {
        unheard.push(change);
        hearing ??= Promise.resolve().then(hearAll); // with all that comes in this turn
      };
      await bucket.watch(receive, signal);
      await hearing;
      live = true;
      show();
    },
    async putLink(link, signal, stored = writeLinkJson(link)) {
      const id = await linkId(link);
      const bucket = await open(signal);
      await bucket.put(linkKey(id), stored, { signal });
      links.put(id, link);
      show();
      return id;
    },
    async removeLink(key, signal) {
      const id = await linkId(key);
      const bucket = await open(signal);
      const entry = await bucket.get(linkKey(id), signal);
      if (entry === undefined) return undefined;
      await bucket.delete(linkKey(id), { signal });
      links.remove(id);
      show();
      return readLinkJson(entry.value);
    },
    async putClaims(given, signal) {
      const bucket = await open(signal);
      const key = claimsKey(given.subject);
      const bytes = writeStoredClaims(given);
      const kept = await bucket.get(key, signal);
      const same = kept !== undefined && sameBytes(kept.value, bytes);
      if (!same) await bucket.put(key, bytes, { signal, revision: kept?.revision ?? 0 });
      claims.put(given.subject, given);
      show();
    },
  };
}

/** An actor's claims as the lattice keeps them. */
export function actorClaims(claims: SignedClaims): StoredClaims {
  const { subject, issuer, name = "", version = "", revision, callAlias = "", tags = [] } = claims;
  return {
    kind: "actor",
    call_alias: callAlias,
    capabilities: claims.capabilities ?? [],
    issuer,
    name,
    revision: revision === undefined ? "" : String(revision),
    subject,
    tags,
    version,
  };
}

/** The actor with this call alias. */
export function actorByAlias(
  claims: ReadonlyMap<string, StoredClaims>,
  alias: string,
): EntityId | undefined {
  for (const each of claims.values()) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the key of an entry is an id of the lattice
    if (each.kind === "actor" && each.call_alias === alias) return each.subject as EntityId;
  }
  return undefined;
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
