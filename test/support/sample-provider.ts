/** A provider that says what it was told: for tests of what hosts do with providers. */
import type { Call } from "../../src/core/call.ts";
import type {
  Health,
  Provider,
  ProviderContext,
  ProviderKind,
  ProviderLink,
} from "../../src/core/provider.ts";
import type { World } from "../../src/core/wit.ts";

import { LatticeError } from "../../src/core/error.ts";

export const SAMPLE_WORLD: World = {
  imports: new Map(),
  exports: new Map([
    [
      "demo:app/greeter",
      new Map([
        [
          "greet",
          { params: [{ name: "name", type: { kind: "string" } }], result: { kind: "string" } },
        ],
      ]),
    ],
  ]),
};

export interface SampleProvider {
  readonly kind: ProviderKind;
  /** What it was told, in words, in order. */
  readonly told: readonly string[];
  /** Links as it knows them. */
  readonly links: readonly ProviderLink[];
  readonly calls: readonly Call[];
  readonly context: ProviderContext | undefined;
  /** What it says next of its health; an error is thrown. */
  health: Health | Error;
  /** Refuses links to and from this peer. */
  refused: string | undefined;
  /** Holds calls back until it resolves. */
  gate: Promise<void>;
}

/** `inlay:///sample`. */
export function sampleProvider(
  options: { readonly exclusive?: boolean; readonly name?: string } = {},
): SampleProvider {
  const told: string[] = [];
  const calls: Call[] = [];
  const links: ProviderLink[] = [];
  const { exclusive = false, name = "sample" } = options;
  const words = (values: ReadonlyMap<string, string>): string =>
    JSON.stringify(Object.fromEntries(values));
  const nameOf = ({ link, role }: ProviderLink): string =>
    `${role} ${link.source}->${link.target} ${link.name}`;
  const forget = (link: ProviderLink): void => {
    const at = links.findIndex((each) => nameOf(each) === nameOf(link));
    if (at !== -1) links.splice(at, 1);
  };

  const sample: SampleProvider & { context: ProviderContext | undefined } = {
    told,
    calls,
    links,
    context: undefined,
    health: { healthy: true },
    refused: undefined,
    gate: Promise.resolve(),
    kind: {
      name,
      exclusive,
      async start(given) {
        sample.context = given;
        told.push(`start ${words(given.config)}`);
        if (given.config.get("break") === "start")
          throw new LatticeError("bad-input", "told to break");
        return provider;
      },
    },
  };
  const provider: Provider = {
    world: SAMPLE_WORLD,
    async invoke(call) {
      calls.push(call);
      await sample.gate;
      return [`Hello, ${String(call.args[0])}!`];
    },
    async link(link) {
      const peer = link.role === "source" ? link.link.target : link.link.source;
      if (peer === sample.refused) throw new LatticeError("bad-input", `not with ${peer}`);
      told.push(`link ${nameOf(link)} ${words(link.config)}`);
      forget(link);
      links.push(link);
    },
    async unlink(link) {
      told.push(`unlink ${nameOf(link)}`);
      forget(link);
    },
    async configure(config) {
      told.push(`configure ${words(config)}`);
    },
    async health() {
      if (sample.health instanceof Error) throw sample.health;
      return sample.health;
    },
    async [Symbol.asyncDispose]() {
      told.push("end");
    },
  };
  return sample;
}
