/**
 * What this host shows OCI registries: what its page gives at each pull, and over it what the lattice said since
 * (`registry.put`, supplemental configuration). As in wasmCloud, an entry of the lattice takes the place of an earlier
 * one, whoever gave that (`crates/host/src/registry.rs` @ v1.9.2).
 */
import type { Labels } from "../core/command.ts";
import type { Dialect } from "../core/dialect.ts";
import type {
  RegistryCredentials,
  RegistryCredentialsSource,
  RegistryLogins,
} from "../core/registry.ts";

import { LatticeError } from "../core/error.ts";

export interface Registries {
  /** For the runtime; lower-case names. */
  readonly source: RegistryCredentialsSource;
  /** Takes over what the lattice says; `undefined` for a registry that is to be asked without credentials. */
  readonly put: (told: ReadonlyMap<string, RegistryCredentials | undefined>) => void;
}

/** A lattice may tell of any number; the one that was told first goes first. */
const MOST_TOLD = 200;

/** `own` gives what the page has, at each pull; absent if it has nothing. */
export function createRegistries(own?: () => Promise<RegistryLogins | undefined>): Registries {
  const told = new Map<string, RegistryCredentials | undefined>();
  return {
    async source() {
      const all =
        own === undefined ? new Map<string, RegistryCredentials>() : readLogins(await own());
      for (const [name, credentials] of told) {
        if (credentials === undefined) all.delete(name);
        else all.set(name, credentials);
      }
      return all;
    },
    put(given) {
      for (const [name, credentials] of given) {
        const key = name.toLowerCase();
        told.delete(key); // so that the newest stands last
        told.set(key, credentials);
      }
      for (const oldest of told.keys()) {
        if (told.size <= MOST_TOLD) break;
        told.delete(oldest);
      }
    },
  };
}

/** Puts into `registries` what each generation of the lattice has for a host with these labels, for the asking. */
export async function askForRegistries(
  dialects: readonly Pick<Dialect, "supplement">[],
  labels: Labels,
  registries: Pick<Registries, "put">,
  signal: AbortSignal,
): Promise<void> {
  const ask = async (dialect: Pick<Dialect, "supplement">): Promise<void> => {
    const given = await dialect.supplement?.(labels, signal);
    if (given !== undefined) registries.put(given.registries);
  };
  await Promise.all(dialects.map(ask));
}

/** @throws {LatticeError} `bad-input`, without a word of the secrets. It comes from a page, which may be in JavaScript. */
function readLogins(logins: RegistryLogins | undefined): Map<string, RegistryCredentials> {
  const read = new Map<string, RegistryCredentials>();
  for (const [name, login] of Object.entries<unknown>(logins ?? {})) {
    const [user, pass, token] = ["user", "pass", "token"].map((key) => textOf(login, key));
    if (token !== undefined) read.set(name.toLowerCase(), { token });
    else if (user !== undefined && pass !== undefined) {
      read.set(name.toLowerCase(), { username: user, password: pass });
    } else {
      throw new LatticeError(
        "bad-input",
        `images.registries has "${name}" without { user, pass } or { token }`,
      );
    }
  }
  return read;
}

function textOf(login: unknown, key: string): string | undefined {
  if (typeof login !== "object" || login === null) return undefined;
  const value: unknown = Reflect.get(login, key);
  return typeof value === "string" ? value : undefined;
}
