/**
 * What a 1.x lattice keeps for all of its hosts, in two JetStream buckets: links and claims in `LATTICEDATA`, named
 * configuration in `CONFIGDATA`.
 */
import type { DialectParts } from "../../../core/dialect.ts";
import type { Claims, Facts, FactsStatus, Values } from "../../../core/facts.ts";
import type { KvBucket } from "../../../core/kv.ts";
import type { Link } from "../../../core/link.ts";
import type { BucketName, Written } from "./store.ts";

import { asLatticeError, LatticeError, messageOf } from "../../../core/error.ts";
import { createSource, until } from "../../../core/view.ts";
import { type LinkJson, linkOf } from "../link-json.ts";
import { claimsOf, saysSame, writeClaims } from "./claims.ts";
import { isSecret, merge, readConfig, refuseSecrets } from "./config.ts";
import { followConfigNames } from "./config-names.ts";
import { createFollowedConfig } from "./followed-config.ts";
import { claimsKey, createLatticeData, specKey } from "./lattice-data.ts";
import { createProviderLinks } from "./provider-links.ts";
import { newSpec, readSpec, type Spec, withLink, withoutLink, writeSpec } from "./spec.ts";
import { createEditor, createStore } from "./store.ts";

/** JetStream may have no leader at the moment, or lie behind a leaf node's line that is down: nothing tells of its return. */
const LOOK_AGAIN_MS = 30_000;
/** A link that names more is refused: each name costs a request. */
const MOST_CONFIG_NAMES = 256;

export function createFacts(parts: DialectParts): Facts {
  const { control, lattice, clock, log } = parts;
  const status = createSource<FactsStatus>({ phase: "reading" });
  const store = createStore(control, lattice, parts.jsDomain);
  const editor = createEditor();
  const data = createLatticeData(log);
  const configs = createFollowedConfig(log);
  const providers = createProviderLinks(parts);
  /** Somebody could open the bucket: so can the follower. */
  let retry = (): void => undefined;

  const open = async (name: BucketName, signal: AbortSignal): Promise<KvBucket> => {
    let bucket: KvBucket;
    try {
      bucket = await store.open(name, signal);
    } catch (cause) {
      const { code } = asLatticeError(cause);
      if (code !== "unsupported" && code !== "denied") throw cause;
      const what = name === "LATTICEDATA" ? "links" : "configuration";
      throw new LatticeError(code, `this host can keep no ${what}`, { cause });
    }
    retry();
    return bucket;
  };

  const present = (spec: Uint8Array | undefined, id: Link["source"]): Spec | undefined => {
    if (spec === undefined) return undefined;
    try {
      return readSpec(spec);
    } catch (cause) {
      const text = `failed to deserialize stored component specification for ${id}`;
      throw new LatticeError("bad-message", text, { cause });
    }
  };
  const editSpec = async (
    id: Link["source"],
    change: (spec: Spec | undefined) => Spec | undefined,
    signal: AbortSignal,
  ): Promise<Written | undefined> => {
    const bucket = await open("LATTICEDATA", signal);
    const written = await editor.edit(
      bucket,
      specKey(id),
      (bytes) => {
        const next = change(present(bytes, id));
        return next && writeSpec(next);
      },
      signal,
    );
    if (written !== undefined) data.wrote(id, written);
    return written;
  };

  const editClaims = async (claims: Claims, signal: AbortSignal): Promise<void> => {
    const bucket = await open("LATTICEDATA", signal);
    const value = writeClaims(claims);
    // What says the same in more words is left as it is: hosts before 1.0 need more of them.
    const change = (present: Uint8Array | undefined): Uint8Array | undefined =>
      present !== undefined && saysSame(present, value) ? undefined : value;
    await editor.edit(bucket, claimsKey(claims.subject), change, signal);
  };

  /** The values of both ends, which must all be there. */
  const resolve = async (
    link: Link,
    signal: AbortSignal,
  ): Promise<[source: Values, target: Values]> => {
    const names = [...link.sourceConfig, ...link.targetConfig];
    if (names.length === 0) return [new Map(), new Map()];
    if (names.length > MOST_CONFIG_NAMES) {
      throw new LatticeError(
        "bad-input",
        `a link may name ${MOST_CONFIG_NAMES} configurations at most`,
      );
    }
    const bucket = await open("CONFIGDATA", signal);
    const entries = await Promise.all(
      names.map(async (name) => ({ name, entry: await bucket.get(name, signal) })),
    );
    const missing = entries
      .filter(({ entry }) => entry === undefined)
      .map(
        ({ name }) =>
          `${isSecret(name) ? "Secret reference" : "Configuration"} ${name} not found in config store. `,
      );
    if (missing.length > 0) {
      const text = `Failed to validate configuration and secrets. ${missing.join("")}`;
      throw new LatticeError("not-found", text);
    }
    const values = entries.map(({ name, entry }) =>
      entry === undefined || isSecret(name) ? new Map<string, string>() : readConfig(entry.value),
    );
    const cut = link.sourceConfig.length;
    return [merge(values.slice(0, cut)), merge(values.slice(cut))];
  };

  /** Reads and follows `LATTICEDATA` until it cannot; gives why. */
  const followOnce = async (signal: AbortSignal, read: () => void): Promise<void> => {
    const bucket = await open("LATTICEDATA", signal);
    // So that it is there for whoever looks, as a Rust host has it.
    open("CONFIGDATA", signal).catch((cause: unknown) => {
      if (!signal.aborted) log.warn("facts.no-config", { problem: messageOf(cause) });
    });
    await bucket.watch((change) => data.hear(change), signal);
    await Promise.resolve(); // the views change at the end of the turn
    control.status.subscribe(({ phase }) => {
      if (phase === "open" || phase === "reconnecting") {
        status.set({ phase: phase === "open" ? "live" : "stale" });
      }
    }, signal);
    status.set({ phase: control.status.peek().phase === "open" ? "live" : "stale" });
    read();
  };
  const reopened = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const settled = new AbortController();
      const end = (): void => {
        settled.abort();
        cancel();
        retry = () => undefined;
        resolve();
      };
      retry = end;
      const cancel = clock.after(LOOK_AGAIN_MS, end);
      control.status.subscribe(({ phase }) => phase === "open" && end(), settled.signal);
      signal.addEventListener("abort", end, { once: true, signal: settled.signal });
    });
  const told = (reason: string): boolean => {
    const now = status.peek();
    return now.phase === "absent" && now.reason === reason;
  };
  const follow = async (signal: AbortSignal, read: () => void): Promise<void> => {
    for (;;) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- tried again when there is a reason to
        await until(control.status, ({ phase }) => phase === "open" || phase === "closed", signal);
        // oxlint-disable-next-line no-await-in-loop -- as above
        return await followOnce(signal, read);
      } catch (cause) {
        const { code } = asLatticeError(cause);
        if (signal.aborted || code === "closed") return;
        if (code !== "disconnected") {
          const reason = messageOf(cause);
          if (!told(reason)) log.warn("facts.absent", { problem: reason });
          status.set({ phase: "absent", reason });
          read();
          // oxlint-disable-next-line no-await-in-loop -- as above
          await reopened(signal);
        }
      }
    }
  };

  return {
    status,
    links: data.links,
    claims: data.claims,
    follow: (signal) =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () => resolve(), { once: true });
        void follow(signal, resolve); // hears its own failures
      }),

    async putLink(link, signal) {
      const [source, target] = await resolve(link, signal);
      await editSpec(link.source, (spec) => withLink(spec ?? newSpec(""), link), signal);
      providers.put(link, source, target);
    },
    async removeLink(key, signal) {
      let outcome: Link | "no-link" | "unknown" = "unknown";
      await editSpec(
        key.source,
        (before) => {
          outcome = "unknown";
          if (before === undefined) return undefined;
          const { spec, removed } = withoutLink(before, key);
          outcome = removed === undefined ? "no-link" : readable(removed);
          return removed && spec;
        },
        signal,
      );
      if (typeof outcome === "object") providers.removed(outcome);
      return outcome;
    },
    learn: (signed) => data.learn(claimsOf(signed)),
    async introduce(id, image, signal, claims) {
      const change = (spec: Spec | undefined): Spec | undefined =>
        spec === undefined ? newSpec(image) : undefined;
      for (;;) {
        // oxlint-disable-next-line no-await-in-loop -- a component that starts while the line is down can wait for it
        await until(control.status, ({ phase }) => phase === "open" || phase === "closed", signal);
        try {
          // oxlint-disable-next-line no-await-in-loop -- as above
          if (claims !== undefined) await editClaims(claimsOf(claims), signal);
          // oxlint-disable-next-line no-await-in-loop -- as above
          return void (await editSpec(id, change, signal));
        } catch (cause) {
          if (asLatticeError(cause).code !== "disconnected") throw cause;
        }
      }
    },

    async putConfig(name, body, signal) {
      readConfig(body);
      const bucket = await open("CONFIGDATA", signal);
      await editor.edit(bucket, name, () => body, signal);
    },
    async removeConfig(name, signal) {
      const bucket = await open("CONFIGDATA", signal);
      await editor.inTurn(bucket, name, () => bucket.purge(name, { signal }));
    },
    async readConfig(name, signal) {
      const bucket = await open("CONFIGDATA", signal);
      const entry = await bucket.get(name, signal);
      return entry && readConfig(entry.value);
    },
    followConfigNames: async (tell, signal) =>
      followConfigNames(await open("CONFIGDATA", signal), tell, signal),
    async followConfig(names, signal, ended) {
      if (names.length === 0) return createSource<Values>(new Map());
      try {
        refuseSecrets(names);
        return await configs.follow(await open("CONFIGDATA", signal), names, signal, ended);
      } catch (cause) {
        const { code } = asLatticeError(cause);
        throw new LatticeError(code, "Unable to fetch requested config", { cause });
      }
    },
  };
}

/** A link with ids that cannot be called can be removed like any other; nobody could use it, so nobody is told. */
function readable(json: LinkJson): Link | "no-link" {
  try {
    return linkOf(json);
  } catch {
    return "no-link";
  }
}
