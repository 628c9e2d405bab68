/**
 * `wasmcloud:messaging`: 0.2.0 is what the lattice speaks; 0.3.0 is told in its words, as far as these reach: metadata
 * and content types cannot pass (wasmCloud `crates/runtime/src/component/messaging/` and
 * `crates/host/src/wasmbus/handler.rs` at v1.9.2).
 */
import type { WitValue } from "../core/wit.ts";
import type { ExportMapping } from "./export-mapping.ts";
import type { Held, ImportContext, ImportFunction, ImportMapping } from "./import-mapping.ts";

import { LatticeError } from "../core/error.ts";
import { bytesOf, errorText, listOf, partOf, stringOf } from "./parts.ts";
import { failed, succeeded, functionsOf, okOf, orErr } from "./import-mapping.ts";

const CONSUMER = "wasmcloud:messaging/consumer@0.2.0";
const HANDLER = "wasmcloud:messaging/handler@0.2.0";

/** A request without options waits for as long as a call may take. */
const REQUEST_TIMEOUT_MS = 30_000;

interface BrokerMessage {
  readonly subject: string;
  readonly body: Uint8Array;
  readonly replyTo: string | undefined;
}

class Client {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

class Message {
  /** As it came from the lattice; absent for one that the component has made. */
  readonly origin: BrokerMessage | undefined;
  data: Uint8Array;
  contentType: string | undefined;
  metadata: (readonly [key: string, value: string])[] | undefined;

  constructor(data: Uint8Array, origin?: BrokerMessage) {
    this.data = data;
    this.origin = origin;
  }
}

class RequestOptions {
  timeoutMs: number | undefined;
  expectedReplies: number | undefined;
}

/** Entries of a message's metadata. */
const MOST_METADATA = 1_000;

const other = (message: string): WitValue => ({ tag: "other", val: message });

const passOn =
  (func: string): ImportFunction =>
  (args, { far }) =>
    orErr(far(CONSUMER, func, args), (message) => message);

/** A function of the resource `message`. */
const ofMessage =
  (run: (message: Message, ...args: readonly WitValue[]) => readonly WitValue[]): ImportFunction =>
  ([handle, ...args], { held }) =>
    run(held.get(Message, handle), ...args);

/** Changes that a message of the lattice does not take: it has no place for them. */
const ofOwn = (
  run: (message: Message, ...args: readonly WitValue[]) => void,
  what: string,
): ImportFunction =>
  ofMessage((message, ...args) => {
    if (message.origin !== undefined) {
      throw new LatticeError("unsupported", `messages of the lattice have no ${what}`);
    }
    run(message, ...args);
    return [];
  });

const TYPES: Readonly<Record<string, ImportFunction>> = {
  "[static]client.connect": ([name], { held }) => succeeded(held.put(new Client(stringOf(name)))),
  "[method]client.disconnect": () => succeeded(),
  "[constructor]message": ([given], { held }) => {
    const data = bytesOf(given);
    held.weigh(data.length);
    return [held.put(new Message(data))];
  },
  "[method]message.topic": ofMessage(({ origin }) => [origin?.subject]),
  "[method]message.content-type": ofMessage(({ contentType }) => [contentType]),
  "[method]message.set-content-type": ofOwn((message, type) => {
    message.contentType = stringOf(type);
  }, "content type"),
  "[method]message.data": ofMessage(({ data }) => [data]),
  "[method]message.set-data": ([handle, given], { held }) => {
    const message = held.get(Message, handle);
    const data = bytesOf(given);
    held.weigh(data.length - message.data.length);
    message.data = data;
    return [];
  },
  "[method]message.metadata": ofMessage(({ metadata }) => [metadata]),
  "[method]message.add-metadata": ofOwn((message, key, value) => {
    message.metadata = bounded([...(message.metadata ?? []), [stringOf(key), stringOf(value)]]);
  }, "metadata"),
  "[method]message.set-metadata": ([handle, given], { held }) => {
    const message = held.get(Message, handle);
    const metadata = bounded(pairsOf(given));
    if (message.origin === undefined) message.metadata = metadata;
    else if (metadata.length > 0) {
      throw new LatticeError("unsupported", "messages of the lattice have no metadata");
    }
    return [];
  },
  "[method]message.remove-metadata": ofMessage((message, key) => {
    message.metadata = message.metadata?.filter(([name]) => name !== key);
    return [];
  }),
};

const PRODUCER: Readonly<Record<string, ImportFunction>> = {
  send: ([client, topic, handle], context) => {
    const message = takeMessage(context.held, handle);
    const obstacle = obstacleTo(message, client, context);
    if (obstacle !== undefined) return failed(other(obstacle));
    return publish(context, stringOf(topic), message.data);
  },
};

const REQUEST_REPLY: Readonly<Record<string, ImportFunction>> = {
  "[constructor]request-options": (_, { held }) => [held.put(new RequestOptions())],
  "[method]request-options.set-timeout-ms": ([handle, ms], { held }) => {
    held.get(RequestOptions, handle).timeoutMs = Number(ms);
    return [];
  },
  "[method]request-options.set-expected-replies": ([handle, count], { held }) => {
    held.get(RequestOptions, handle).expectedReplies = Number(count);
    return [];
  },
  async request([client, topic, handle, chosen], context) {
    const { held, far } = context;
    const options = chosen === undefined ? undefined : held.take(RequestOptions, chosen);
    const message = held.get(Message, handle);
    const obstacle = obstacleTo(message, client, context);
    if (obstacle !== undefined) return failed(other(obstacle));
    if ((options?.expectedReplies ?? 1) > 1) {
      return failed(other("the lattice gives one reply to a request"));
    }
    const timeoutMs = options?.timeoutMs ?? REQUEST_TIMEOUT_MS;
    const results = await orErr(
      far(CONSUMER, "request", [stringOf(topic), message.data, timeoutMs]),
      (text) => text,
    );
    const outcome = okOf(results);
    if ("err" in outcome) return asOther(results);
    const reply = brokerMessageOf(outcome.ok);
    held.weigh(reply.body.length);
    return succeeded([held.put(new Message(reply.body, reply))]);
  },
  reply: ([to, handle], context) => {
    const { held } = context;
    const message = takeMessage(held, handle);
    const { origin } = held.get(Message, to);
    if (origin === undefined) return failed(other("the component made this message itself"));
    if (origin.replyTo === undefined) return failed(other("the message names nobody to reply to"));
    const obstacle = metadataOf(message);
    if (obstacle !== undefined) return failed(other(obstacle));
    return publish(context, origin.replyTo, message.data);
  },
};

/** Components of 0.3 are linked as those of 0.2 are, by what hosts of wasmCloud look for; their own names serve too. */
const linked = (own: string): readonly string[] => [
  "wasmcloud:messaging/consumer",
  `wasmcloud:messaging/${own}`,
];

export const MESSAGING_IMPORTS: Readonly<Record<string, ImportMapping>> = {
  [CONSUMER]: {
    links: ["wasmcloud:messaging/consumer"],
    functions: functionsOf({ request: passOn("request"), publish: passOn("publish") }),
  },
  "wasmcloud:messaging/types@0.3.0": { links: [], functions: functionsOf(TYPES) },
  "wasmcloud:messaging/producer@0.3.0": {
    links: linked("producer"),
    functions: functionsOf(PRODUCER),
  },
  "wasmcloud:messaging/request-reply@0.3.0": {
    links: linked("request-reply"),
    functions: functionsOf(REQUEST_REPLY),
  },
};

export const MESSAGING_EXPORTS: Readonly<Record<string, ExportMapping>> = {
  "wasmcloud:messaging/incoming-handler@0.3.0": {
    wire: HANDLER,
    functions: {
      "handle-message": {
        func: "handle",
        params: ([given], arrive) => {
          const message = brokerMessageOf(given);
          return [arrive(new Message(message.body, message))];
        },
        results: (results) => {
          const outcome = okOf(results);
          return "err" in outcome ? failed(errorText(outcome.err)) : succeeded();
        },
      },
    },
  },
};

function takeMessage(held: Held, handle: WitValue): Message {
  const message = held.take(Message, handle);
  held.weigh(-message.data.length);
  return message;
}

async function publish(
  { far }: ImportContext,
  subject: string,
  body: Uint8Array,
): Promise<readonly WitValue[]> {
  const message = { subject, body, replyTo: undefined };
  return asOther(await orErr(far(CONSUMER, "publish", [message]), (text) => text));
}

/** An `err` of 0.2, which is a text, as one of 0.3; an `ok` as it is. */
function asOther(results: readonly WitValue[]): readonly WitValue[] {
  const outcome = okOf(results);
  return "err" in outcome ? failed(other(stringOf(outcome.err))) : results;
}

/** Why `message` cannot be sent by `client`, if so. */
function obstacleTo(
  message: Message,
  client: WitValue,
  { held, linkName }: ImportContext,
): string | undefined {
  const { name } = held.get(Client, client);
  const wanted = name === "" ? "default" : name;
  if (wanted !== linkName) {
    return `mismatch between link name and client connection name, \`${wanted}\` != \`${linkName}\``;
  }
  return metadataOf(message);
}

function metadataOf({ metadata }: Message): string | undefined {
  return metadata === undefined ? undefined : "messages of the lattice have no metadata";
}

function bounded<T>(list: T[]): T[] {
  if (list.length <= MOST_METADATA) return list;
  throw new LatticeError("bad-input", `a message has ${MOST_METADATA} entries of metadata at most`);
}

function pairsOf(value: WitValue): (readonly [string, string])[] {
  return listOf(value).map((pair) => {
    const [key, val] = listOf(pair);
    return [stringOf(key), stringOf(val)];
  });
}

function brokerMessageOf(value: WitValue): BrokerMessage {
  const replyTo = partOf(value, "replyTo");
  return {
    subject: stringOf(partOf(value, "subject")),
    body: bytesOf(partOf(value, "body")),
    replyTo: replyTo === undefined ? undefined : stringOf(replyTo),
  };
}
