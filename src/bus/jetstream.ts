/**
 * The part of JetStream's API that buckets and object stores need, over any bus: stream info and creation, reads by direct get,
 * acknowledged writes. No consumers: whoever may create one can make the server publish anywhere in the account.
 *
 * Subjects, bodies and error codes: nats-server v2.9.10 `server/jetstream_api.go`, `server/errors.json`.
 */
import type { Bus, BusMessage } from "../core/bus.ts";
import type { Clock } from "../core/clock.ts";
import { asLatticeError, type ErrorCode, LatticeError } from "../core/error.ts";
import { fieldOf, numberOf, parseJson, textOf, toJson } from "./jetstream-json.ts";

export interface StreamInfo {
  readonly name: string;
  readonly allowDirect: boolean;
  /** Of a copy of another stream: that one, and where it is written to if it lies elsewhere. */
  readonly mirror?: { readonly name: string; readonly externalApi?: string };
  /** Differs when the stream was removed and made anew. */
  readonly created: string;
  readonly lastSequence: number;
  /** Those that were asked for and have messages; absent where the server did not tell all of them. */
  readonly subjects?: readonly string[];
}

export interface StoredMessage {
  readonly subject: string;
  readonly sequence: number;
  readonly data: Uint8Array;
  readonly headers: ReadonlyMap<string, string>;
}

export interface JetStream {
  /** What API subjects begin with, without the last dot. */
  readonly prefix: string;
  /**
   * With `pattern`, the subjects that match it as well.
   *
   * @throws {LatticeError} `unsupported` without JetStream, `not-found` without that stream.
   */
  info(stream: string, signal: AbortSignal, pattern?: string): Promise<StreamInfo>;
  /** @throws {LatticeError} `conflict` if it exists with other settings. */
  create(stream: string, settings: object, signal: AbortSignal): Promise<StreamInfo>;
  /** The newest message of a subject. */
  last(
    stream: StreamInfo,
    subject: string,
    signal: AbortSignal,
  ): Promise<StoredMessage | undefined>;
  /** The first message from `sequence` on whose subject matches. */
  next(
    stream: StreamInfo,
    pattern: string,
    sequence: number,
    signal: AbortSignal,
  ): Promise<StoredMessage | undefined>;
  /** The sequence that the message got. @throws {LatticeError} `conflict` if a wanted sequence is not the present one. */
  store(
    subject: string,
    data: Uint8Array,
    headers: ReadonlyMap<string, string>,
    signal: AbortSignal,
  ): Promise<number>;
  /** Removes all messages of a subject. */
  purge(stream: string, subject: string, signal: AbortSignal): Promise<void>;
}

export interface JetStreamParts {
  readonly bus: Pick<Bus, "request">;
  readonly clock: Clock;
}

const ANSWER_LIMIT_MS = 5_000;
const NONE = new Uint8Array();
const SEQUENCE = "Nats-Sequence";
const SUBJECT = "Nats-Subject";

const CODES: ReadonlyMap<number, ErrorCode> = new Map([
  [10037, "not-found"], // no message found
  [10054, "too-large"], // message size exceeds maximum allowed
  [10058, "conflict"], // stream name already in use with a different configuration
  [10059, "not-found"], // stream not found
  [10071, "conflict"], // wrong last sequence
  [10077, "too-large"], // store failed: the stream is full
]);

export function createJetStream({ bus, clock }: JetStreamParts, domain?: string): JetStream {
  const prefix = domain === undefined ? "$JS.API" : `$JS.${domain}.API`;

  const ask = async (
    subject: string,
    data: Uint8Array,
    signal: AbortSignal,
    headers?: ReadonlyMap<string, string>,
  ): Promise<BusMessage> => {
    if (signal.aborted) throw asLatticeError(signal.reason, "aborted");
    const limit = new AbortController();
    const abort = (): void => limit.abort(asLatticeError(signal.reason, "aborted"));
    signal.addEventListener("abort", abort, { once: true });
    const late = `no answer to "${subject}" within ${ANSWER_LIMIT_MS / 1000} s`;
    const cancel = clock.after(ANSWER_LIMIT_MS, () =>
      limit.abort(new LatticeError("deadline", late)),
    );
    try {
      const sending = headers === undefined ? {} : { headers };
      return await bus.request(subject, data, { ...sending, signal: limit.signal });
    } finally {
      cancel();
      signal.removeEventListener("abort", abort);
    }
  };
  const call = async (verb: string, body: object, signal: AbortSignal): Promise<unknown> =>
    answerOf(await ask(`${prefix}.${verb}`, toJson(body), signal));

  /** What nobody answers is JetStream itself: a missing stream is told of. */
  const info: JetStream["info"] = async (stream, signal, pattern) => {
    const asked = pattern === undefined ? {} : { subjects_filter: pattern };
    try {
      return infoOf(await call(`STREAM.INFO.${stream}`, asked, signal), stream);
    } catch (cause) {
      const { code, message } = asLatticeError(cause);
      if (signal.aborted || (code !== "not-served" && code !== "deadline")) throw cause;
      const where = domain === undefined ? "this server has no JetStream" : noDomain(domain);
      throw new LatticeError("unsupported", `${where}: ${message}`, { cause });
    }
  };
  const read = async (
    stream: StreamInfo,
    wanted: { readonly last_by_subj: string } | { readonly seq: number; next_by_subj: string },
    signal: AbortSignal,
  ): Promise<StoredMessage | undefined> => {
    try {
      if (!stream.allowDirect) {
        return storedOf(await call(`STREAM.MSG.GET.${stream.name}`, wanted, signal));
      }
      const direct = `${prefix}.DIRECT.GET.${stream.name}`;
      // The subject in the subject where it can be: permissions are given by it.
      return directOf(
        "last_by_subj" in wanted
          ? await ask(`${direct}.${wanted.last_by_subj}`, NONE, signal)
          : await ask(direct, toJson(wanted), signal),
      );
    } catch (thrown) {
      if (asLatticeError(thrown).code === "not-found") return undefined;
      throw thrown;
    }
  };

  return {
    prefix,
    info,
    create: async (stream, settings, signal) =>
      infoOf(await call(`STREAM.CREATE.${stream}`, { ...settings, name: stream }, signal), stream),
    last: (stream, subject, signal) => read(stream, { last_by_subj: subject }, signal),
    next: (stream, pattern, sequence, signal) =>
      read(stream, { seq: sequence, next_by_subj: pattern }, signal),
    async store(subject, data, headers, signal) {
      const answer = answerOf(await ask(subject, data, signal, headers));
      return numberOf(answer, "seq");
    },
    purge: async (stream, subject, signal) =>
      void (await call(`STREAM.PURGE.${stream}`, { filter: subject }, signal)),
  };
}

const noDomain = (domain: string): string =>
  `this server has no JetStream and knows no domain "${domain}"`;

/** @throws {LatticeError} for an answer that is a refusal. */
function answerOf({ data }: BusMessage): unknown {
  const answer = parseJson(data);
  const error = fieldOf(answer, "error");
  if (error === undefined) return answer;
  const number = numberOf(error, "err_code", 0);
  const text = textOf(error, "description", "");
  throw new LatticeError(CODES.get(number) ?? "unsupported", `JetStream: ${text} (${number})`);
}

function infoOf(answer: unknown, name: string): StreamInfo {
  const config = fieldOf(answer, "config");
  const mirror = fieldOf(config, "mirror");
  const externalApi = textOf(fieldOf(mirror, "external"), "api", "");
  const subjects = subjectsIn(answer);
  return {
    name,
    ...(subjects === undefined ? {} : { subjects }),
    allowDirect: fieldOf(config, "allow_direct") === true,
    created: textOf(answer, "created", ""),
    lastSequence: numberOf(fieldOf(answer, "state"), "last_seq", 0),
    ...(mirror === undefined
      ? {}
      : {
          mirror: { name: textOf(mirror, "name"), ...(externalApi === "" ? {} : { externalApi }) },
        }),
  };
}

/** The server tells 100,000 at once (`JSMaxSubjectDetails`, nats-server v2.9.10 `server/jetstream_api.go`), and how many there are. */
function subjectsIn(answer: unknown): readonly string[] | undefined {
  const counts = fieldOf(fieldOf(answer, "state"), "subjects");
  if (typeof counts !== "object" || counts === null) return undefined;
  const subjects = Object.keys(counts);
  return numberOf(answer, "total", subjects.length) > subjects.length ? undefined : subjects;
}

/** Direct get answers with the message itself, and says in headers what it was (ADR-31). */
function directOf({ data, headers = new Map<string, string>() }: BusMessage): StoredMessage {
  const subject = headers.get(SUBJECT);
  const sequence = Number(headers.get(SEQUENCE));
  if (subject === undefined || !Number.isSafeInteger(sequence)) {
    throw new LatticeError("bad-message", `direct get answered without ${SUBJECT} or ${SEQUENCE}`);
  }
  return { subject, sequence, data, headers };
}

function storedOf(answer: unknown): StoredMessage {
  const message = fieldOf(answer, "message");
  return {
    subject: textOf(message, "subject"),
    sequence: numberOf(message, "seq"),
    data: fromBase64(textOf(message, "data", "")),
    headers: headersOf(fromBase64(textOf(message, "hdrs", ""))),
  };
}

function headersOf(block: Uint8Array): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const line of new TextDecoder().decode(block).split("\r\n").slice(1)) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    const name = line.slice(0, colon);
    if (!headers.has(name)) headers.set(name, line.slice(colon + 1).trim());
  }
  return headers;
}

function fromBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  } catch (cause) {
    throw new LatticeError("bad-message", "a stored message is not in base64", { cause });
  }
}
