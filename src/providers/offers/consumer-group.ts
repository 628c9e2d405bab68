/**
 * The queue group in which a component takes messages (wasmCloud
 * `crates/wash-runtime/src/plugin/wasmcloud_messaging/nats.rs` at v2.7.0).
 */
import { LatticeError } from "../../core/error.ts";

/** Every member gets each message. */
const BROADCAST = "broadcast";
const PREFIX = "wasmcloud";
/** Bytes of a group that was made up. */
const MOST_BYTES = 128;

/** Who takes messages, by what its manifest says. */
export interface Consumer {
  readonly namespace: string;
  /** Of the workload. */
  readonly workload: string;
  /** `service` for a service. */
  readonly component: string;
}

/**
 * The group that `configured` names, or the one of `consumer`; `undefined`: none, for a copy of each message.
 *
 * @throws {LatticeError} `bad-input` for what is no group.
 */
export function consumerGroup(
  configured: string | undefined,
  consumer: Consumer,
): string | undefined {
  if (configured === undefined) return defaultGroup(consumer);
  if (configured === BROADCAST) return undefined;
  if (/^[^\s*>]+$/.test(configured)) return configured;
  throw new LatticeError(
    "bad-input",
    `consumer_group ${JSON.stringify(configured)} must not be empty and have no spaces, * or >`,
  );
}

function defaultGroup({ namespace, workload, component }: Consumer): string {
  const hash = fnv1a64(new TextEncoder().encode([namespace, workload, component].join("\0")));
  const end = `.${hash.toString(16).padStart(16, "0")}`;
  const readable = [namespace, workload, component].map((part) =>
    part.replaceAll(/[^A-Za-z0-9_-]/gu, "-"),
  );
  const start = `${PREFIX}.${readable.join(".")}`;
  return start.slice(0, MOST_BYTES - end.length) + end;
}

const MASK = 0xffff_ffff_ffff_ffffn;

function fnv1a64(bytes: Uint8Array): bigint {
  let hash = 0xcbf2_9ce4_8422_2325n;
  for (const byte of bytes) hash = ((hash ^ BigInt(byte)) * 0x0000_0100_0000_01b3n) & MASK;
  return hash;
}
