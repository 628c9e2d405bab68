/**
 * NATS headers as bytes (nats-io/nats-architecture-and-design, ADR-4): `NATS/1.0`, then `name: value` lines.
 *
 * Written here and not by the client library, because the limit of a message counts them and must be known before.
 */
import { LatticeError } from "../core/error.ts";

const encoder = new TextEncoder();

/** @throws {LatticeError} `bad-input` for a name or value that would break the block. */
export function encodeHeaders(headers: ReadonlyMap<string, string>): Uint8Array {
  let text = "NATS/1.0\r\n";
  for (const [name, value] of headers) {
    if (!/^[\x21-\x39\x3b-\x7e]+$/.test(name) || /[\r\n]/.test(value)) {
      throw new LatticeError(
        "bad-input",
        `header ${JSON.stringify(name)} must be printable ASCII without a colon, on one line`,
      );
    }
    text += `${name}: ${value}\r\n`;
  }
  return encoder.encode(`${text}\r\n`);
}
