/** The control plane of 0.82: what this host obeys, what it tells, and what it leaves in the lattice of what it serves. */
import type { HostControl } from "../../core/command.ts";
import type { DialectParts, Served } from "../../core/dialect.ts";
import type { HostEvent } from "../../core/event.ts";
import type { FactsStatus } from "../../core/facts.ts";
import type { EntityId } from "../../core/ids.ts";
import type { View } from "../../core/view.ts";
import type { Cluster } from "./cluster.ts";
import type { LinkChange, V0Facts } from "./facts/facts.ts";
import type { StoredClaims } from "./facts/stored-claims.ts";

import { asLatticeError } from "../../core/error.ts";
import { createSource } from "../../core/view.ts";
import { isPublicNkey } from "../../wire/nkey.ts";
import { obeyLattice } from "../obedience.ts";
import { createAnnouncer } from "./announcer.ts";
import { censusWords } from "./census-words.ts";
import { createChanges } from "./changes.ts";
import { wireEvents } from "./events.ts";
import { createActorConfig } from "./facts/config.ts";
import { actorClaims } from "./facts/facts.ts";
import { linkReactions } from "./facts/reactions.ts";
import { providerName } from "./messages.ts";
import { controlRoutes } from "./routes.ts";
import { createRunning } from "./running.ts";

export interface Control {
  /** Whether this host answers at the moment, with others, for the whole lattice. */
  readonly sharing: View<boolean>;
  /** What a change of a link definition leads to. */
  readonly onLink: (change: LinkChange) => void;
  /** Resolves when the lattice's data were read and the server knows all control subscriptions. */
  obey(facts: V0Facts, host: HostControl, until: AbortSignal): Promise<void>;
  announce(event: HostEvent): void;
  /** Resolves when no change of what the lattice keeps is under way. */
  settled(): Promise<void>;
  /** Keeps claims of what is to be served, before it is; `contract`: a provider's. */
  introduce(
    facts: V0Facts,
    served: Served,
    contract: string | undefined,
    signal: AbortSignal,
  ): Promise<void>;
}

const ENDS_START: ReadonlySet<string> = new Set(["provider-started", "provider-start-failed"]);
const LIVE: View<FactsStatus> = createSource<FactsStatus>({ phase: "live" });

export function createControl(
  parts: DialectParts,
  options: {
    readonly cluster: () => Promise<Pick<Cluster, "issuer" | "issuers">>;
    readonly allowUnsigned: boolean;
  },
): Control {
  const { lattice, host, clock, log } = parts;
  const running = createRunning(() => clock.now());
  const send = createAnnouncer(parts);
  const changes = createChanges(clock);
  const sharing = createSource(false);
  const contracts = new Map<EntityId, string>();
  const contractOf = (id: EntityId): string => contracts.get(id) ?? "";
  let own = { issuer: "", version: "" };

  return {
    sharing,
    onLink: linkReactions(parts, send),
    settled: () => changes.settled(),
    announce(event) {
      for (const each of wireEvents(event, { host, ...own, running, contractOf })) send(each);
      // From its start on, `running` knows the contract of a provider.
      if (ENDS_START.has(event.type) && "id" in event) contracts.delete(event.id);
    },
    async obey(facts, commands, until) {
      const cluster = await options.cluster();
      const { version } = await commands.run("host.ping", undefined);
      own = { issuer: cluster.issuer, version };
      await facts.follow(until);
      const table = controlRoutes({
        lattice,
        host,
        cluster,
        running,
        facts,
        changes,
        config: createActorConfig(parts),
        announce: send,
        allowUnsigned: options.allowUnsigned,
      });
      const words = censusWords(lattice);
      await obeyLattice(parts, { table, host: commands, facts: LIVE, words, sharing }, until);
    },
    async introduce(facts, served, contract, signal) {
      const { id } = served;
      if (served.linkName !== undefined) contracts.set(id, contract ?? "");
      const claims = claimsOf(served, contract, own);
      if (claims === undefined) return;
      try {
        await putClaims(facts, claims, signal);
      } catch (cause) {
        // Who may not write runs all the same; native hosts take no calls of it then.
        const { code, message } = asLatticeError(cause);
        if (code !== "denied") throw cause;
        log.warn("claims.denied", { id, problem: message });
      }
    },
  };
}

/** Several hosts may start the same at the same time. */
async function putClaims(
  facts: V0Facts,
  claims: StoredClaims,
  signal: AbortSignal,
  attempts = 8,
): Promise<void> {
  try {
    await facts.putClaims(claims, signal);
  } catch (cause) {
    if (asLatticeError(cause).code !== "conflict" || attempts === 1) throw cause;
    await putClaims(facts, claims, signal, attempts - 1);
  }
}

/** What the lattice is to know of `served`; `undefined` for names that are no keys, which 0.82 has no claims for. */
function claimsOf(
  { id, claims, linkName }: Served,
  contract: string | undefined,
  own: { readonly issuer: string; readonly version: string },
): StoredClaims | undefined {
  if (linkName !== undefined) {
    if (!isPublicNkey(id, "service")) return undefined;
    return {
      kind: "provider",
      contract_id: contract ?? "",
      issuer: own.issuer,
      name: providerName(contract ?? ""),
      revision: "0",
      subject: id,
      version: own.version,
      config_schema: undefined,
    };
  }
  if (!isPublicNkey(id, "module")) return undefined;
  return actorClaims(claims?.subject === id ? claims : { subject: id, issuer: "", name: id });
}
