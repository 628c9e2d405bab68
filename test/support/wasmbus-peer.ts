/**
 * A member of a 0.82 lattice that is not this project's code: the NATS client, `@msgpack/msgpack` and Node's own Ed25519.
 * It signs calls as a provider does, and answers them as one.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  randomBytes,
  randomUUID,
  sign,
} from "node:crypto";
import { decode, encode } from "@msgpack/msgpack";
import type { NatsConnection, ObjectStore } from "nats.ws";

/** A key pair in the form of nkeys. */
export interface Nkey {
  readonly public: string;
  readonly seed: string;
  sign(data: Uint8Array): Buffer;
}

const PREFIX = { N: 0x68, C: 0x10, M: 0x60, V: 0xa8, A: 0 };
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

export function nkey(kind: keyof typeof PREFIX, raw: Uint8Array = randomBytes(32)): Nkey {
  const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), raw]);
  const key = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  const prefix = PREFIX[kind];
  return {
    public: sealed(Buffer.of(prefix), spki.subarray(-32)),
    seed: sealed(Buffer.of(0x90 | (prefix >> 5), (prefix & 31) << 3), raw),
    sign: (data) => sign(null, data, key),
  };
}

export interface PeerEntity {
  readonly public_key: string;
  readonly link_name: string;
  readonly contract_id: string;
}

export interface PeerCall {
  readonly origin: PeerEntity;
  readonly target: PeerEntity;
  readonly operation: string;
  readonly msg: Uint8Array;
}

export interface PeerResponse {
  readonly msg: Uint8Array;
  readonly invocation_id: string;
  readonly error?: string;
  readonly content_length: number;
  readonly traceContext?: Readonly<Record<string, string>>;
}

export interface PeerKeys {
  readonly cluster: Nkey;
  readonly host: Nkey;
}

export interface InvocationOptions extends PeerKeys {
  readonly id?: string;
  readonly trace?: Readonly<Record<string, string>>;
  /** What the message has in the place of the whole argument. */
  readonly inline?: Uint8Array;
}

export const actorEntity = (key: string): PeerEntity => ({
  public_key: key,
  link_name: "",
  contract_id: "",
});

const url = ({ public_key, link_name, contract_id }: PeerEntity): string =>
  public_key.startsWith("M")
    ? `wasmbus://${public_key}`
    : `wasmbus://${contract_id.replaceAll(":", "/")}/${link_name}/${public_key}`;

const b64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** The bytes of a signed invocation. */
export function invocation(call: PeerCall, options: InvocationOptions): Uint8Array {
  const { cluster, host, id = randomUUID(), trace = {} } = options;
  const { origin, target, operation, msg } = call;
  const [originUrl, targetUrl] = [url(origin), `${url(target)}/${operation}`];
  const hash = createHash("sha256")
    .update(originUrl)
    .update(targetUrl)
    .update(operation)
    .update(msg)
    .digest("hex")
    .toUpperCase();
  const claims = {
    jti: randomUUID(),
    iat: Math.floor(Date.now() / 1000),
    iss: cluster.public,
    sub: id,
    wascap: { target_url: targetUrl, origin_url: originUrl, hash },
    wascap_revision: 3,
  };
  const signed = `${b64({ typ: "jwt", alg: "Ed25519" })}.${b64(claims)}`;
  const signature = cluster.sign(Buffer.from(signed)).toString("base64url");
  return encode({
    origin,
    target,
    operation,
    msg: options.inline ?? msg,
    id,
    encoded_claims: `${signed}.${signature}`,
    host_id: host.public,
    content_length: msg.length,
    traceContext: trace,
  });
}

export const subjectOf = (lattice: string, { public_key, link_name }: PeerEntity): string =>
  `wasmbus.rpc.${lattice}.${public_key}${link_name === "" ? "" : `.${link_name}`}`;

/** Calls an actor as a provider does, or a provider as a host does, and gives the response as it came. */
export async function invoke(
  nats: NatsConnection,
  lattice: string,
  call: PeerCall,
  options: InvocationOptions,
): Promise<PeerResponse> {
  return respond(nats, subjectOf(lattice, call.target), invocation(call, options));
}

/** Sends `data`, whatever it is. */
export async function respond(
  nats: NatsConnection,
  subject: string,
  data: Uint8Array,
): Promise<PeerResponse> {
  const reply = await nats.request(subject, data, { timeout: 30_000 });
  return decode(reply.data) as PeerResponse;
}

/** The object store of long arguments and results. */
export function chunksOf(nats: NatsConnection, lattice: string): Promise<ObjectStore> {
  return nats.jetstream({ timeout: 30_000 }).views.os(lattice);
}

/** As {@link invoke}, with the argument, and its result if that is long, by way of the object store. */
export async function invokeChunked(
  nats: NatsConnection,
  lattice: string,
  call: PeerCall,
  options: InvocationOptions,
): Promise<PeerResponse> {
  const { id = randomUUID() } = options;
  const store = await chunksOf(nats, lattice);
  const inline = call.msg.length > CHUNKED ? new Uint8Array(0) : call.msg;
  if (inline.length !== call.msg.length) await store.putBlob({ name: id }, call.msg);
  const response = await invoke(nats, lattice, call, { ...options, id, inline });
  if (response.content_length <= CHUNKED) return response;
  if (response.msg.length > 0) throw new Error("a long result within the message");
  const name = `${id}-r`;
  const msg = await store.getBlob(name);
  if (msg === null) throw new Error(`nothing under ${name}`);
  await store.delete(name);
  return { ...response, msg };
}

/** An invocation as a provider received it, with its whole argument. */
export interface Received {
  readonly origin: PeerEntity;
  readonly target: PeerEntity;
  readonly operation: string;
  readonly msg: Uint8Array;
  readonly id: string;
  readonly host_id: string;
  readonly content_length: number;
  readonly traceContext: Readonly<Record<string, string>>;
}

/** What a handler gives: the result's bytes, or an error; `raw`: the response as it is. */
export type Handled = Uint8Array | { readonly error: string } | { readonly raw: object };

/**
 * Answers calls of `entity` as a provider does, long ones included. Each is held to its signature, by `cluster`, and to
 * its hash; one that fails is answered with an error and not handed on.
 */
export async function serveEntity(
  nats: NatsConnection,
  lattice: string,
  entity: PeerEntity,
  cluster: Nkey,
  handle: (received: Received) => Handled | Promise<Handled>,
): Promise<Disposable> {
  const subject = subjectOf(lattice, entity);
  const answer = async (data: Uint8Array): Promise<Uint8Array> => {
    const received = decode(data) as Received & { readonly encoded_claims: string };
    const { id, content_length } = received;
    const store = content_length > CHUNKED ? await chunksOf(nats, lattice) : undefined;
    const msg = store === undefined ? received.msg : await store.getBlob(id);
    if (msg === null) throw new Error(`nothing under ${id}`);
    await store?.delete(id);
    const wrong = faultOf({ ...received, msg }, cluster);
    const outcome = wrong === undefined ? await handle({ ...received, msg }) : { error: wrong };
    const head = { invocation_id: id, traceContext: {} };
    if ("raw" in outcome) return encode({ ...head, ...outcome.raw });
    if ("error" in outcome) {
      return encode({ msg: new Uint8Array(0), ...head, ...outcome, content_length: 0 });
    }
    if (outcome.length <= CHUNKED) {
      return encode({ msg: outcome, ...head, content_length: outcome.length });
    }
    await (await chunksOf(nats, lattice)).putBlob({ name: `${id}-r` }, outcome);
    return encode({ msg: new Uint8Array(0), ...head, content_length: outcome.length });
  };
  const queue = entity.link_name === "" ? subject : "rpc";
  const subscription = nats.subscribe(subject, {
    queue,
    callback: (_, message) => void answer(message.data).then((data) => message.respond(data)),
  });
  await nats.flush();
  return { [Symbol.dispose]: () => subscription.unsubscribe() };
}

/** What is wrong with the token of an invocation. */
function faultOf(
  received: Received & { readonly encoded_claims: string },
  cluster: Nkey,
): string | undefined {
  const [head = "", body = "", signature = ""] = received.encoded_claims.split(".");
  const signed = Buffer.from(`${head}.${body}`);
  if (cluster.sign(signed).toString("base64url") !== signature) return "the signature is wrong";
  const claims = JSON.parse(Buffer.from(body, "base64url").toString());
  const { origin, target, operation, msg, id } = received;
  const [originUrl, targetUrl] = [url(origin), `${url(target)}/${operation}`];
  const hash = createHash("sha256").update(originUrl).update(targetUrl).update(operation);
  const wanted = {
    iss: cluster.public,
    sub: id,
    wascap: {
      target_url: targetUrl,
      origin_url: originUrl,
      hash: hash.update(msg).digest("hex").toUpperCase(),
    },
    wascap_revision: 3,
  };
  for (const [name, value] of Object.entries(wanted)) {
    if (JSON.stringify(claims[name]) !== JSON.stringify(value)) return `${name} is wrong`;
  }
  if (received.content_length !== msg.length) return "the length is wrong";
  return undefined;
}

/** Keeps a link as a host of 0.82 does, by the key that it has there. */
export async function putLink(
  nats: NatsConnection,
  lattice: string,
  actor_id: string,
  { public_key, contract_id, link_name }: PeerEntity,
  values: Readonly<Record<string, string>> = {},
): Promise<void> {
  const bucket = await nats
    .jetstream({ timeout: 30_000 })
    .views.kv(`LATTICEDATA_${lattice}`, { history: 1 });
  const id = createHash("sha256").update(actor_id).update(contract_id).update(link_name);
  const link = { actor_id, provider_id: public_key, link_name, contract_id, values };
  await bucket.put(`LINKDEF_${id.digest("hex").toUpperCase()}`, JSON.stringify(link));
}

/** Keeps claims of an actor as a host of 0.82 does. */
export async function putActorClaims(
  nats: NatsConnection,
  lattice: string,
  subject: string,
  call_alias: string,
): Promise<void> {
  const bucket = await nats
    .jetstream({ timeout: 30_000 })
    .views.kv(`LATTICEDATA_${lattice}`, { history: 1 });
  const claims = {
    call_alias,
    capabilities: [],
    issuer: "A",
    name: "",
    revision: "0",
    subject,
    tags: [],
    version: "",
  };
  await bucket.put(`CLAIMS_${subject}`, JSON.stringify(claims));
}

/** Above this many bytes. */
const CHUNKED = 900 * 1024;

/** The text of an nkey: base32 with a checksum. */
export function sealed(head: Uint8Array, raw: Uint8Array): string {
  const body = Buffer.concat([head, raw]);
  let crc = 0;
  for (const byte of body) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++)
      crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  const bits = [...body, crc & 0xff, crc >> 8]
    .map((byte) => byte.toString(2).padStart(8, "0"))
    .join("");
  return (bits.match(/.{1,5}/g) ?? [])
    .map((five) => ALPHABET.charAt(Number.parseInt(five.padEnd(5, "0"), 2)))
    .join("");
}
