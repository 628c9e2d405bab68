/**
 * What one host of 0.82 answers for the whole lattice: link definitions, claims, configuration of actors and providers
 * (wasmCloud v0.82.0 `crates/host/src/wasmbus/mod.rs`). A change is stored, then told, then answered.
 */
import type { RouteEntry } from "../route.ts";
import type { Announce } from "./announcer.ts";
import type { Changes } from "./changes.ts";
import type { ActorConfig } from "./facts/config.ts";
import type { V0Facts } from "./facts/facts.ts";

import { LatticeError } from "../../core/error.ts";
import { readJson, writeJson } from "../../wire/shape.ts";
import { asked, lastToken } from "../route.ts";
import { linkDefinitionKey, linkJson, readLinkJson } from "./facts/link-definition.ts";
import { claimsEntry } from "./facts/stored-claims.ts";
import { accepted } from "./messages.ts";

export interface FactRouteParts {
  readonly facts: V0Facts;
  readonly config: ActorConfig;
  readonly changes: Changes;
  readonly announce: Announce;
}

const NOTHING = new Uint8Array(0);

/** `at` puts the common prefix before a subject. */
export function factRoutes(
  at: (tail: string) => string,
  { facts, config, changes, announce }: FactRouteParts,
): readonly RouteEntry[] {
  const clear = (entity: string): Promise<void> =>
    changes.run(async (signal) => {
      const values = await config.all(entity, signal);
      for (const key of values.keys()) {
        // oxlint-disable-next-line no-await-in-loop -- each is told when it is done
        await config.remove(entity, key, signal);
        announce({ name: "config_deleted", data: { entity_id: entity, key } });
      }
    });
  return [
    asked({
      subject: at("linkdefs.put"),
      malformed: "failed to deserialize link definition",
      decode: ({ data }) => ({ link: readLinkJson(data), stored: data.slice() }),
      async answer({ link, stored }) {
        await changes.run((signal) => facts.putLink(link, signal, stored));
        return accepted;
      },
    }),
    asked({
      subject: at("linkdefs.del"),
      malformed: "failed to deserialize link definition deletion command",
      decode: ({ data }) => readJson(data, linkDefinitionKey),
      async answer(key) {
        await changes.run((signal) => facts.removeLink(key, signal));
        return accepted;
      },
    }),
    asked({
      subject: at("get.links"),
      malformed: "",
      decode: () => undefined,
      answer: () =>
        Promise.resolve(writeJson({ links: [...facts.links.peek().values()].map(linkJson) })),
    }),
    asked({
      subject: at("get.claims"),
      malformed: "",
      decode: () => undefined,
      answer: () =>
        Promise.resolve(writeJson({ claims: [...facts.claims.peek().values()].map(claimsEntry) })),
    }),
    asked({
      subject: at("config.put.*.*"),
      malformed: "",
      decode: ({ subject, data }) => ({ ...lastTokens(subject), data }),
      async answer({ entity, key, data }) {
        if (!/^[MV].{55}$/.test(entity)) throw new LatticeError("bad-input", NO_ENTITY);
        await changes.run((signal) => config.put(entity, key, data, signal));
        announce({ name: "config_set", data: { entity_id: entity, key } });
        return accepted;
      },
    }),
    asked({
      subject: at("config.del.*.*"),
      malformed: "",
      decode: ({ subject }) => lastTokens(subject),
      async answer({ entity, key }) {
        await changes.run((signal) => config.remove(entity, key, signal));
        announce({ name: "config_deleted", data: { entity_id: entity, key } });
        return accepted;
      },
    }),
    asked({
      subject: at("config.clear.*"),
      malformed: "",
      decode: ({ subject }) => lastToken(subject),
      async answer(entity) {
        await clear(entity);
        return accepted;
      },
    }),
    asked({
      subject: at("get.config.*.*"),
      malformed: "",
      decode: ({ subject }) => lastTokens(subject),
      async answer({ entity, key }) {
        const value = await changes.run((signal) => config.get(entity, key, signal));
        return writeJson({ found: value !== undefined, data: [...(value ?? [])] });
      },
    }),
    asked({
      subject: at("get.config.*"),
      malformed: "",
      decode: ({ subject }) => lastToken(subject),
      async answer(entity) {
        const values = await changes.run((signal) => config.all(entity, signal));
        // Nothing at all where nothing is kept, as upstream.
        if (values.size === 0) return NOTHING;
        return writeJson(
          Object.fromEntries(Array.from(values, ([key, value]) => [key, [...value]])),
        );
      },
    }),
  ];
}

const NO_ENTITY =
  "Invalid entity ID. The entity ID must be a valid public nkey for an actor or provider";

function lastTokens(subject: string): { readonly entity: string; readonly key: string } {
  const key = lastToken(subject);
  return { entity: lastToken(subject.slice(0, -key.length - 1)), key };
}
