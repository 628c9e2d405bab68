/**
 * The two ways to ask that are compared, both over the same client: a plain request that is echoed, and a call over
 * wRPC, message by message as wasmCloud's own hosts send them.
 */
import type { NatsClient, Received } from "./nats-client.ts";

/** One round trip; rejects if the answer is not the one that is due. */
export type Ask = () => Promise<void>;

interface Pending {
  receive(path: string, message: Received): void;
}

/** Answers by token, under one subscription for all. */
export interface Inbox {
  readonly root: string;
  open(pending: Pending): string;
  close(token: string): void;
}

/** An inbox for any number of callers. */
export function openInbox(client: NatsClient): Inbox {
  const root = client.newInbox();
  const pending = new Map<string, Pending>();
  let opened = 0;
  client.subscribe(`${root}.>`, (message) => {
    const [token = "", path = ""] = message.subject.slice(root.length + 1).split(".");
    pending.get(token)?.receive(path, message);
  });
  return {
    root,
    open(entry) {
      const token = (opened++).toString(36);
      pending.set(token, entry);
      return token;
    },
    close: (token) => void pending.delete(token),
  };
}

/** Sends `payload` to `subject` and waits for as many bytes. */
export function echoCaller(
  client: NatsClient,
  inbox: Inbox,
  subject: string,
  payload: Uint8Array,
): Ask {
  return () =>
    new Promise((resolve, reject) => {
      const token = inbox.open({
        receive(_, { data, nobody }) {
          inbox.close(token);
          if (!nobody && data.length === payload.length) resolve();
          else reject(unexpected(subject, nobody, data.length));
        },
      });
      client.publish(subject, payload, `${inbox.root}.${token}`);
    });
}

/** Sends `payload` to `subject` and waits for a message with the content of `answer`. */
export function messageCaller(
  client: NatsClient,
  inbox: Inbox,
  subject: string,
  { payload, answer }: { readonly payload: Uint8Array; readonly answer: Uint8Array },
): Ask {
  return () =>
    new Promise((resolve, reject) => {
      const token = inbox.open({
        receive(_, { data, nobody }) {
          inbox.close(token);
          if (!nobody && data.equals(answer)) resolve();
          else reject(unexpected(subject, nobody, data.length));
        },
      });
      client.publish(subject, payload, `${inbox.root}.${token}`);
    });
}

const END = new Uint8Array(0);

/** Calls the function at `subject` and waits for the end of results that have `resultBytes` bytes. */
export function wrpcCaller(
  client: NatsClient,
  inbox: Inbox,
  subject: string,
  { params, resultBytes }: { readonly params: Uint8Array; readonly resultBytes: number },
): Ask {
  return () =>
    new Promise((resolve, reject) => {
      let bytes = 0;
      const token = inbox.open({
        receive(path, { data, nobody, reply }) {
          if (path === "" && reply !== undefined) {
            client.publish(`${reply}.params`, END);
          } else if (path === "results" && data.length > 0) {
            bytes += data.length;
          } else {
            inbox.close(token);
            if (path === "results" && bytes === resultBytes) resolve();
            else reject(unexpected(subject, nobody, bytes));
          }
        },
      });
      client.publish(subject, params, `${inbox.root}.${token}`);
    });
}

function unexpected(subject: string, nobody: boolean, bytes: number): Error {
  return new Error(nobody ? `nobody serves ${subject}` : `${subject} answered ${bytes} bytes`);
}

/** A string or list of bytes as the component model encodes it as the only parameter or result. */
export function lengthPrefixed(content: Uint8Array): Uint8Array {
  const prefix: number[] = [];
  for (let left = content.length; ; left >>>= 7) {
    if (left < 0x80) {
      prefix.push(left);
      break;
    }
    prefix.push((left & 0x7f) | 0x80);
  }
  return Buffer.concat([Uint8Array.from(prefix), content]);
}
