/** Components with tokens in them, as wasmCloud's `wash claims sign` makes them (wascap @ wasmCloud v1.9.2). */
import { createHash } from "node:crypto";
import { nkeys } from "nats.ws";

export type Signer = ReturnType<typeof nkeys.createAccount>;

export const newSigner = (): Signer => nkeys.createAccount();

/** Fields of the token, over those that stand there by default. */
export interface TokenFields {
  readonly header?: object;
  readonly payload?: Readonly<Record<string, unknown>>;
  readonly wascap?: Readonly<Record<string, unknown>>;
}

/** A token for a component with these bytes. */
export function signToken(
  bytes: Uint8Array,
  signer: Signer,
  { header = {}, payload = {}, wascap = {} }: TokenFields = {},
): string {
  const hash = createHash("sha256").update(bytes).digest("hex").toUpperCase();
  const claims = {
    jti: "token",
    iat: 1_700_000_000,
    iss: signer.getPublicKey(),
    sub: "MSUBJECT",
    wascap: {
      name: "Greeter",
      hash,
      tags: ["a", "b"],
      rev: 2,
      ver: "0.1.0",
      prov: false,
      ...wascap,
    },
    wascap_revision: 3,
    ...payload,
  };
  const text = [{ typ: "jwt", alg: "Ed25519", ...header }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  const signature = signer.sign(new TextEncoder().encode(text));
  return `${text}.${Buffer.from(signature).toString("base64url")}`;
}

/** `bytes` with a custom section at their end. */
export function withSection(
  bytes: Uint8Array,
  data: string | Uint8Array,
  name = "wasmcloud_jwt",
): Uint8Array {
  const content = Buffer.concat([Uint8Array.of(name.length), Buffer.from(name), Buffer.from(data)]);
  return section(bytes, 0, content);
}

/** `bytes` with a section at their end. */
export function section(bytes: Uint8Array, id: number, content: Uint8Array): Uint8Array {
  const length: number[] = [];
  for (let rest = content.length; rest > 0 || length.length === 0; rest >>>= 7) {
    length.push((rest & 0x7f) | (rest >= 0x80 ? 0x80 : 0));
  }
  return new Uint8Array(Buffer.concat([bytes, Uint8Array.of(id, ...length), content]));
}
