/** What a node hears of the hosts of its lattice, itself aside: the port to one generation's words for it. */
import type { View } from "./view.ts";

type Texts = ReadonlyMap<string, string>;

/** A host as it says it is. What it did not say is absent. */
export interface HostWord {
  readonly friendlyName: string | undefined;
  readonly labels: Texts;
  /** Of whatever it runs on. */
  readonly version: string | undefined;
  readonly uptimeSeconds: number | undefined;
}

export interface ComponentWord {
  readonly id: string;
  readonly image: string | undefined;
  /** By whoever signed it, or as its image is called. */
  readonly name: string | undefined;
  readonly maxInstances: number;
  readonly annotations: Texts;
}

export interface ProviderWord {
  readonly id: string;
  /** Where its generation has one for each provider (0.82): two of one id with different link names are two. */
  readonly linkName: string | undefined;
  readonly image: string | undefined;
  readonly name: string | undefined;
  readonly annotations: Texts;
}

/** All of a host. */
export interface InventoryWord extends HostWord {
  readonly components: readonly ComponentWord[];
  readonly providers: readonly ProviderWord[];
}

/** How much runs in a host that does not say what. */
export interface Tally {
  readonly workloads: number;
  readonly components: number;
}

/** What is heard of the host `host`, which is any text that a peer chose. */
export type Word = { readonly host: string } & (
  | { readonly type: "inventory"; readonly inventory: InventoryWord }
  /** It answered a ping. */
  | { readonly type: "presence"; readonly word: HostWord }
  /** A host of v2, whose heartbeats count what it runs. */
  | { readonly type: "tally"; readonly word: HostWord; readonly tally: Tally }
  | { readonly type: "stopped" }
  | { readonly type: "labels"; readonly labels: Texts }
  /** It runs this from now on, by this many at once. */
  | { readonly type: "scaled"; readonly component: ComponentWord }
  | { readonly type: "provider"; readonly provider: ProviderWord }
  | {
      readonly type: "provider-stopped";
      readonly id: string;
      readonly linkName: string | undefined;
    }
  | {
      readonly type: "health";
      readonly id: string;
      readonly linkName: string | undefined;
      readonly healthy: boolean;
    }
);

export type Listening =
  /** Answers to the first question may still come. */
  | { readonly phase: "asking" }
  | { readonly phase: "live" }
  /** The connection is down. */
  | { readonly phase: "stale" }
  /** These credentials may not listen to the events of these names: hosts are asked now and then. */
  | { readonly phase: "denied"; readonly events: readonly string[] };

/** What is heard of one generation's hosts, for as long as somebody listens. */
export interface Observation {
  readonly listening: View<Listening>;
  /** Messages that nobody looked at, since too many came at once. */
  unread(): number;
  /** Asks a host that is late for all of itself; what it says is heard like anything else. */
  ask(host: string): void;
}
