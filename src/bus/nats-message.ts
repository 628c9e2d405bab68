/** Messages between the client library's form and the port's. On the path of each call: no copies, nothing made twice. */
import type { Msg, MsgHdrs, PublishOptions as NatsOptions } from "nats.ws";
import type { BusMessage, PublishOptions } from "../core/bus.ts";
import { encodeHeaders } from "./headers.ts";
import { checkSubject } from "./subject.ts";

/** `data` shares the frame's memory. Of a header that occurs more than once, the first value counts. */
export function toBusMessage(met: Msg, release?: () => void): BusMessage {
  const { subject, data } = met;
  const reply = met.reply ?? "";
  const found = met.headers; // parsed here, and only for messages that have some
  if (found === undefined && release === undefined) {
    return reply === "" ? { subject, data } : { subject, data, reply };
  }
  const headers = new Map<string, string>();
  for (const [name, [value]] of found ?? []) if (value !== undefined) headers.set(name, value);
  return {
    subject,
    data,
    ...(reply === "" ? {} : { reply }),
    ...(headers.size === 0 ? {} : { headers }),
    ...(found === undefined || found.code === 0 ? {} : { status: found.code }),
    ...(release === undefined ? {} : { release }),
  };
}

export interface Outgoing {
  /** Bytes that count against the server's limit: headers and data (nats-server v2.9.10 `processHeaderPub`). */
  readonly size: number;
  readonly options: NatsOptions | undefined;
}

/** @throws {LatticeError} `bad-input` for subjects or headers that cannot be sent. */
export function toOutgoing(
  subject: string,
  data: Uint8Array,
  { reply, headers }: PublishOptions,
): Outgoing {
  checkSubject(subject, reply);
  if (headers === undefined || headers.size === 0) {
    return { size: data.length, options: reply === undefined ? undefined : { reply } };
  }
  const bytes = encodeHeaders(headers);
  return {
    size: data.length + bytes.length,
    options: { ...(reply === undefined ? {} : { reply }), headers: encoded(bytes) },
  };
}

function encoded(bytes: Uint8Array): MsgHdrs {
  const headers = { encode: () => bytes };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- publish() of nats.ws 1.30.3 asks headers only for encode()
  return headers as unknown as MsgHdrs;
}
