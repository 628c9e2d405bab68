/**
 * A certificate for loopback that nobody signed but itself, made without other programs: X.509 v3 (RFC 5280) over a P-256
 * key, for `localhost` and 127.0.0.1.
 */
import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Certificate extends AsyncDisposable {
  readonly cert: string;
  readonly key: string;
  /** The same texts as PEM files. */
  readonly certFile: string;
  readonly keyFile: string;
  /** SHA-256 of the public key in base64: what Chromium's `--ignore-certificate-errors-spki-list` takes. */
  readonly spki: string;
}

export async function makeCertificate(): Promise<Certificate> {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = publicKey.export({ type: "spki", format: "der" });
  const body = certificateBody(spki);
  const signature = sign("sha256", body, privateKey);
  const cert = pem("CERTIFICATE", sequence(body, ECDSA_SHA256, bitString(signature)));
  const key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const directory = await mkdtemp(join(tmpdir(), "inlay-tls-"));
  const [certFile, keyFile] = [join(directory, "cert.pem"), join(directory, "key.pem")];
  await Promise.all([writeFile(certFile, cert), writeFile(keyFile, key, { mode: 0o600 })]);
  return {
    cert,
    key,
    certFile,
    keyFile,
    spki: createHash("sha256").update(spki).digest("base64"),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

const DAY_MS = 24 * 3600 * 1000;

/** TBSCertificate, RFC 5280 section 4.1. */
function certificateBody(spki: Uint8Array): Buffer {
  const name = sequence(set(sequence(COMMON_NAME, der(0x0c, Buffer.from("localhost")))));
  const names = sequence(der(0x82, Buffer.from("localhost")), der(0x87, Buffer.of(127, 0, 0, 1)));
  const now = Date.now();
  return sequence(
    der(0xa0, integer(Buffer.of(2))), // v3
    integer(Buffer.concat([Buffer.of(1), randomBytes(8)])), // serial, positive
    ECDSA_SHA256,
    name,
    sequence(utcTime(now - DAY_MS), utcTime(now + 30 * DAY_MS)),
    name,
    Buffer.from(spki),
    der(0xa3, sequence(sequence(SUBJECT_ALT_NAME, der(0x04, names)))),
  );
}

/** Tag, length, contents (X.690 section 8.1). */
function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
  const long = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...long), content]);
}

const sequence = (...items: readonly Buffer[]): Buffer => der(0x30, ...items);
const set = (...items: readonly Buffer[]): Buffer => der(0x31, ...items);
const integer = (bytes: Buffer): Buffer => der(0x02, bytes);
const bitString = (bytes: Buffer): Buffer => der(0x03, Buffer.of(0), bytes);
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, "hex"));
const utcTime = (ms: number): Buffer =>
  der(0x17, Buffer.from(`${new Date(ms).toISOString().replace(/[-:T]/g, "").slice(2, 14)}Z`));

const ECDSA_SHA256 = sequence(oid("2a8648ce3d040302")); // 1.2.840.10045.4.3.2
const COMMON_NAME = oid("550403"); // 2.5.4.3
const SUBJECT_ALT_NAME = oid("551d11"); // 2.5.29.17

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
