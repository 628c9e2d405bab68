/** The words of the join form: what its fields and choices are called, and what is said beside them. */
import type { CredentialsKind, DialectsKind, JoinFieldName } from "../state/join-form.ts";

export interface FieldWords {
  readonly name: JoinFieldName;
  readonly label: string;
  readonly hint?: string;
  readonly placeholder?: string;
  readonly kind?: "password" | "long";
}

export const KINDS: readonly { readonly kind: CredentialsKind; readonly words: string }[] = [
  { kind: "none", words: "None" },
  { kind: "token", words: "Token" },
  { kind: "password", words: "Password" },
  { kind: "nkey", words: "Nkey seed" },
  { kind: "creds", words: "Creds file" },
  { kind: "key", words: "This browser’s key" },
];

export const CREDENTIAL_FIELDS: Readonly<Record<CredentialsKind, readonly FieldWords[]>> = {
  none: [],
  token: [{ name: "token", label: "Token", kind: "password" }],
  password: [
    { name: "user", label: "User" },
    { name: "pass", label: "Password", kind: "password" },
  ],
  nkey: [{ name: "nkeySeed", label: "Seed", placeholder: "SU…", kind: "password" }],
  creds: [
    {
      name: "creds",
      label: "Text of the .creds file",
      placeholder: "-----BEGIN NATS USER JWT-----",
      kind: "long",
    },
  ],
  key: [],
};

export const REGISTRY_FIELDS: readonly FieldWords[] = [
  { name: "registry", label: "Host", placeholder: "ghcr.io" },
  { name: "registryUser", label: "User" },
  { name: "registryPass", label: "Password or access token", kind: "password" },
];

export const DIALECTS: readonly { readonly kind: DialectsKind; readonly words: string }[] = [
  { kind: "v1", words: "1.x" },
  { kind: "v0,v1", words: "0.82 and 1.x" },
  { kind: "v0", words: "0.82" },
  { kind: "v1,v2", words: "1.x and v2" },
  { kind: "v2", words: "v2" },
];

export const V0_FIELDS: readonly FieldWords[] = [
  {
    name: "issuers",
    label: "Trusted clusters",
    hint: "Their public keys, apart by spaces; calls that none of them has signed are refused",
    placeholder: "C…",
  },
  {
    name: "clusterSeed",
    label: "Cluster seed",
    hint: "Signs what this tab calls; without it only this tab trusts its calls",
    placeholder: "SC…",
    kind: "password",
  },
];

export const V2_FIELDS: readonly FieldWords[] = [
  {
    name: "hostgroup",
    label: "Host group",
    hint: "Workloads choose hosts by it",
    placeholder: "browser",
  },
  { name: "environment", label: "Environment", hint: "For operators that tell several apart" },
  {
    name: "hostname",
    label: "Gateway",
    hint: "Where HTTP for this tab’s workloads is to be sent to, if anywhere",
    placeholder: "gateway.example",
  },
  { name: "httpPort", label: "Port of the gateway", placeholder: "8080" },
];
