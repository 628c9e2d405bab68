/** What a page can change of what the lattice keeps: links and named configuration. */
import type { NodeMethods } from "./channels/node.ts";

import { entityId } from "./core/ids.ts";
import { DEFAULT_LINK } from "./core/link.ts";

export interface LinkKeyOptions {
  readonly source: string;
  /** Default `default`. */
  readonly name?: string;
  readonly namespace: string;
  readonly package: string;
}

export interface LinkOptions extends LinkKeyOptions {
  readonly target: string;
  /** Without version: `["store", "atomics"]`. */
  readonly interfaces: readonly string[];
  /** Names of configuration for either side; default none. */
  readonly sourceConfig?: readonly string[];
  readonly targetConfig?: readonly string[];
}

/**
 * Links and named configuration as the lattice keeps them, for all of its hosts.
 *
 * All reject with a {@link LatticeError}: `unsupported` where the lattice keeps nothing (no JetStream), `denied`,
 * `disconnected`, `bad-input`, `deadline` after 10 s.
 */
export interface LatticeFacts {
  /** Rejects with `conflict` for an interface that is linked to another target under that name. */
  putLink(link: LinkOptions): Promise<void>;
  /** Whether there was one. */
  removeLink(key: LinkKeyOptions): Promise<boolean>;
  putConfig(name: string, values: Readonly<Record<string, string>>): Promise<void>;
  /** `undefined` where nothing has that name. */
  readConfig(name: string): Promise<Readonly<Record<string, string>> | undefined>;
  removeConfig(name: string): Promise<void>;
}

export function createLatticeFacts(host: Pick<NodeMethods, "command">): LatticeFacts {
  const keyOf = ({ source, name = DEFAULT_LINK, namespace, package: pack }: LinkKeyOptions) => ({
    source: entityId(source),
    name,
    namespace,
    package: pack,
  });
  return {
    async putLink(link) {
      const { target, interfaces, sourceConfig = [], targetConfig = [] } = link;
      await host.command("link.put", {
        ...keyOf(link),
        target: entityId(target),
        interfaces,
        sourceConfig,
        targetConfig,
      });
    },
    removeLink: async (key) => typeof (await host.command("link.remove", keyOf(key))) !== "string",
    async putConfig(name, values) {
      const body = new TextEncoder().encode(JSON.stringify(values));
      await host.command("config.put", { name, body });
    },
    async readConfig(name) {
      const values = await host.command("config.get", { name });
      return values === undefined ? undefined : Object.fromEntries(values);
    },
    async removeConfig(name) {
      await host.command("config.remove", { name });
    },
  };
}
