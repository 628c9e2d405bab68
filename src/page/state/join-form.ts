/** The join form as data: texts of its fields in, options for a node or a sentence per field out. */
import type { BrowserKey, Credentials } from "../../core/credentials.ts";
import type { NodeOptions } from "../../core/node-options.ts";
import type { RegistryLogins } from "../../core/registry.ts";

import { latticeId } from "../../core/ids.ts";
import { messageOf } from "../../core/error.ts";
import { isSolo, SOLO_ADDRESS } from "../../core/solo-address.ts";
import { readIssuers, readLabels, readOperator, readServers, serverProblem } from "./attributes.ts";

export type CredentialsKind = "none" | "token" | "password" | "nkey" | "creds" | "key";

/** What the form lets a person choose of the protocols. */
export type DialectsKind = "v1" | "v0,v1" | "v0" | "v1,v2" | "v2";

export interface JoinFields {
  readonly servers: string;
  readonly lattice: string;
  readonly name: string;
  readonly labels: string;
  readonly kind: CredentialsKind;
  readonly token: string;
  readonly user: string;
  readonly pass: string;
  readonly nkeySeed: string;
  readonly creds: string;
  /** An OCI registry that wants credentials; all empty where none does. */
  readonly registry: string;
  readonly registryUser: string;
  readonly registryPass: string;
  readonly dialects: DialectsKind;
  /** Public keys of 0.82 clusters. */
  readonly issuers: string;
  readonly clusterSeed: string;
  readonly allowUnsigned: "" | "yes";
  readonly watch: "" | "yes";
  /** Of v2; each may be empty. */
  readonly hostgroup: string;
  readonly environment: string;
  readonly hostname: string;
  readonly httpPort: string;
}

export type JoinFieldName = keyof JoinFields;

/** What to join with; given to the session. */
export interface JoinRequest {
  readonly node: NodeOptions;
  readonly credentials: Credentials | undefined;
  /** What OCI registries are shown; like `credentials` kept in memory alone, and no part of what a page shows or stores. */
  readonly registries?: RegistryLogins;
  /** What signs calls of 0.82; kept as the others. */
  readonly clusterSeed?: string;
}

export type FormReading =
  | { readonly request: JoinRequest }
  | { readonly problems: ReadonlyMap<JoinFieldName, string> };

/** The form as it opens; `node` and `credentials` come from the address. */
export function fieldsOf(node: NodeOptions, credentials?: Credentials): JoinFields {
  return {
    // Who comes from a lattice of tabs looks for a server.
    servers: node.servers.filter((server) => !isSolo(server)).join(" "),
    lattice: node.lattice ?? "default",
    name: node.name ?? "",
    labels: Object.entries(node.labels ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join(", "),
    ...NO_CREDENTIALS,
    ...credentialFields(credentials),
    dialects: dialectsKind(node),
    issuers: (node.clusterIssuers ?? []).join(" "),
    allowUnsigned: node.allowUnsigned === true ? "yes" : "",
    watch: node.watch === true ? "yes" : "",
    hostgroup: node.operator?.hostGroup ?? "",
    environment: node.operator?.environment ?? "",
    hostname: node.operator?.hostname ?? "",
    httpPort: node.operator?.httpPort?.toString() ?? "",
  };
}

/** Checks all fields at once, so that a person sees every problem together. `key`: that of this browser, if it is there. */
export function readJoinForm(fields: JoinFields, base: NodeOptions, key?: BrowserKey): FormReading {
  const problems = new Map<JoinFieldName, string>();
  const servers = readServers(fields.servers);
  if (servers.length === 0) {
    problems.set("servers", "Where is the lattice? Give the WebSocket address of a NATS server.");
  }
  const misfit = servers.map(serverProblem).find((problem) => problem !== undefined);
  if (misfit !== undefined) problems.set("servers", misfit);

  const lattice = fields.lattice.trim() === "" ? "default" : fields.lattice.trim();
  const labels = attempt(() => readLabels(fields.labels), "labels", problems) ?? {};
  attempt(() => latticeId(lattice), "lattice", problems);
  const credentials = credentialsFrom(fields, key, problems);
  const registries = registriesFrom(fields, problems);
  const v0 = v0From(fields, problems);
  const v2 = v2From(fields, base, problems);
  if (problems.size > 0) return { problems };

  const { name: _, operator: __, ...rest } = base;
  const name = fields.name.trim();
  return {
    request: {
      node: {
        ...rest,
        ...(fields.dialects === dialectsKind(base) ? {} : { dialects: DIALECTS[fields.dialects] }),
        ...v0?.node,
        ...v2,
        servers,
        lattice,
        labels,
        ...(name === "" ? {} : { name }),
      },
      credentials,
      ...(registries === undefined ? {} : { registries }),
      ...(v0?.clusterSeed === undefined ? {} : { clusterSeed: v0.clusterSeed }),
    },
  };
}

/** As the form has it, in the lattice that the tabs of this browser make: it asks for no server and no credentials. */
export function readSoloForm(fields: JoinFields, base: NodeOptions): FormReading {
  return readJoinForm({ ...fields, servers: SOLO_ADDRESS, kind: "none" }, base);
}

const NO_CREDENTIALS = {
  kind: "none",
  token: "",
  user: "",
  pass: "",
  nkeySeed: "",
  creds: "",
  registry: "",
  registryUser: "",
  registryPass: "",
  clusterSeed: "",
} satisfies Partial<JoinFields>;

function credentialFields(credentials: Credentials | undefined): Partial<JoinFields> {
  if (credentials === undefined) return {};
  if ("token" in credentials) return { kind: "token", ...credentials };
  if ("user" in credentials) return { kind: "password", ...credentials };
  if ("nkeySeed" in credentials) return { kind: "nkey", ...credentials };
  if ("key" in credentials) return { kind: "key" };
  return { kind: "creds", ...credentials };
}

function credentialsFrom(
  fields: JoinFields,
  key: BrowserKey | undefined,
  problems: Map<JoinFieldName, string>,
): Credentials | undefined {
  switch (fields.kind) {
    case "none":
      return undefined;
    case "token": {
      const token = fields.token.trim();
      if (token === "") problems.set("token", "Paste the token, or choose “None”.");
      return { token };
    }
    case "password":
      if (fields.user === "") problems.set("user", "Give the user’s name, or choose “None”.");
      return { user: fields.user, pass: fields.pass };
    case "nkey": {
      const nkeySeed = fields.nkeySeed.trim();
      if (!/^SU[A-Z2-7]{56}$/.test(nkeySeed)) {
        problems.set("nkeySeed", "A user’s seed is SU and 56 letters or digits.");
      }
      return { nkeySeed };
    }
    case "creds":
      if (!fields.creds.includes("BEGIN NATS USER JWT")) {
        problems.set("creds", "Paste the whole .creds file, from its first BEGIN line on.");
      }
      return { creds: fields.creds };
    case "key":
      if (key !== undefined) return { key };
      problems.set("kind", "This browser’s key is not there yet, or it keeps none.");
      return undefined;
  }
}

function registriesFrom(
  { registry, registryUser: user, registryPass: pass }: JoinFields,
  problems: Map<JoinFieldName, string>,
): RegistryLogins | undefined {
  const name = registry.trim();
  if (name === "" && user === "" && pass === "") return undefined;
  if (!/^[a-z0-9]([-.a-z0-9]*[a-z0-9])?(:\d{1,5})?$/i.test(name)) {
    problems.set("registry", "Give the registry’s name as images have it, such as ghcr.io.");
  }
  if (user === "") problems.set("registryUser", "Give the user’s name, or leave all three empty.");
  if (pass === "") problems.set("registryPass", "Give the password, or leave all three empty.");
  return { [name]: { user, pass } };
}

/** Of addresses that ask for what the form cannot show, the nearest; it stays as it is unless a person chooses another one. */
function dialectsKind({ dialects = ["v1"] }: NodeOptions): DialectsKind {
  if (dialects.includes("v0")) return dialects.length === 1 ? "v0" : "v0,v1";
  if (!dialects.includes("v2")) return "v1";
  return dialects.length === 1 ? "v2" : "v1,v2";
}

const DIALECTS: Readonly<Record<DialectsKind, NonNullable<NodeOptions["dialects"]>>> = {
  v1: ["v1"],
  "v0,v1": ["v0", "v1"],
  v0: ["v0"],
  "v1,v2": ["v1", "v2"],
  v2: ["v2"],
};

/** What is asked only of those who speak 0.82. */
function v0From(
  fields: JoinFields,
  problems: Map<JoinFieldName, string>,
): { readonly node: Partial<NodeOptions>; readonly clusterSeed?: string } | undefined {
  if (!DIALECTS[fields.dialects].includes("v0")) return undefined;
  const issuers = attempt(() => readIssuers(fields.issuers), "issuers", problems) ?? [];
  const clusterSeed = fields.clusterSeed.trim();
  if (clusterSeed !== "" && !/^SC[A-Z2-7]{56}$/.test(clusterSeed)) {
    problems.set("clusterSeed", "A cluster’s seed is SC and 56 letters or digits.");
  }
  const watch = fields.watch === "yes";
  if (watch && issuers.length === 0 && clusterSeed === "" && !problems.has("issuers")) {
    problems.set("issuers", "Name a cluster to watch: without one every call would look forged.");
  }
  return {
    node: { clusterIssuers: issuers, allowUnsigned: fields.allowUnsigned === "yes", watch },
    ...(clusterSeed === "" ? {} : { clusterSeed }),
  };
}

/** What is asked only of those who speak v2. */
function v2From(
  fields: JoinFields,
  { operator: base }: NodeOptions,
  problems: Map<JoinFieldName, string>,
): Pick<NodeOptions, "operator"> {
  if (!DIALECTS[fields.dialects].includes("v2")) return {};
  const given = attempt(() => readOperator(fields), "httpPort", problems);
  const operator = { ...(base?.id === undefined ? {} : { id: base.id }), ...given };
  return Object.keys(operator).length === 0 ? {} : { operator };
}

function attempt<T>(
  read: () => T,
  field: JoinFieldName,
  problems: Map<JoinFieldName, string>,
): T | undefined {
  try {
    return read();
  } catch (thrown) {
    const message = messageOf(thrown);
    problems.set(field, `${message.charAt(0).toUpperCase()}${message.slice(1)}.`);
    return undefined;
  }
}
