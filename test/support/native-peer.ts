/**
 * A member of the lattice that is not this project's code: the NATS client and bytes written by hand, as tests of
 * what goes over the wire need it.
 */
import { type Msg, type NatsConnection, connect, headers as natsHeaders } from "nats.ws";
import { WebSocket } from "ws";

export interface NativePeer extends AsyncDisposable {
  readonly nats: NatsConnection;
  /** The JSON answer to a JSON request (`undefined`: an empty body). */
  ask(subject: string, body?: unknown): Promise<unknown>;
  /**
   * All answers that come within `ms`: for silence, which has no event to wait for. Where some are to come, `wanted` says how
   * many: `ms` begin when those are there, however long they take.
   */
  gather(subject: string, body: unknown, ms: number, wanted?: number): Promise<unknown[]>;
  /** Collects what is published on `subject` from now on. */
  listen(subject: string): Promise<Listener>;
  /** One wRPC call, message by message. */
  invoke(subject: string, params: Uint8Array, options?: InvokeOptions): Promise<RawResults>;
}

export interface InvokeOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent on `….params` after the acceptance, before the end marker. */
  readonly rest?: readonly Uint8Array[];
  readonly timeoutMs?: number;
}

export interface RawResults {
  readonly outcome: "ended" | "no-responders" | "timeout";
  /** All result bytes before the end marker. */
  readonly bytes: Uint8Array;
  readonly acceptedFrom: string | undefined;
}

export interface Listener {
  readonly heard: readonly Msg[];
  /** The first message, past or to come, whose JSON `wanted` accepts. */
  next(wanted: (json: unknown, subject: string) => boolean, ms?: number): Promise<unknown>;
}

/** How long what is to come may take where a test does not say: its machine may do ten other things. */
const PATIENCE_MS = 30_000;

/** Connects over `url` (`ws://…`). */
export async function connectPeer(
  url: string,
  credentials: { readonly user?: string; readonly pass?: string } = {},
): Promise<NativePeer> {
  const options = {
    ...credentials,
    servers: "ws://lattice",
    name: "native peer",
    wsFactory: () => Promise.resolve({ socket: new WebSocket(url), encrypted: false }),
  };
  const nats = await connect(options);
  return {
    nats,
    async ask(subject, body) {
      const reply = await nats.request(subject, encode(body), { timeout: PATIENCE_MS });
      return JSON.parse(reply.string());
    },
    async gather(subject, body, ms, wanted = 0) {
      const answers: unknown[] = [];
      let enough = (): void => undefined;
      const come = new Promise<void>((resolve) => (enough = resolve));
      const late = setTimeout(enough, PATIENCE_MS); // the caller sees how many there are
      const inbox = nats.subscribe(`_INBOX.peer.${crypto.randomUUID()}`, {
        callback: (_, message) => {
          if (message.data.length > 0) answers.push(JSON.parse(message.string()));
          if (answers.length >= wanted) enough();
        },
      });
      nats.publish(subject, encode(body), { reply: inbox.getSubject() });
      await nats.flush();
      if (wanted > 0) await come;
      clearTimeout(late);
      await new Promise((resolve) => setTimeout(resolve, ms));
      inbox.unsubscribe();
      return answers;
    },
    listen: (subject) => listen(nats, subject),
    invoke: (subject, params, given) => invoke(nats, subject, params, given),
    [Symbol.asyncDispose]: () => nats.close(),
  };
}

function encode(body: unknown): Uint8Array {
  return body === undefined
    ? new Uint8Array(0)
    : new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
}

async function listen(nats: NatsConnection, subject: string): Promise<Listener> {
  const heard: Msg[] = [];
  const wakes = new Set<() => void>();
  nats.subscribe(subject, {
    callback: (_, message) => {
      heard.push(message);
      for (const wake of Array.from(wakes)) wake();
    },
  });
  await nats.flush();
  return {
    heard,
    next: (wanted, ms = PATIENCE_MS) =>
      new Promise((resolve, reject) => {
        let seen = 0;
        const look = (): void => {
          for (; seen < heard.length; seen++) {
            const message = heard[seen];
            if (message === undefined) continue;
            const json: unknown = JSON.parse(message.string());
            if (!wanted(json, message.subject)) continue;
            finish(() => resolve(json));
            return;
          }
        };
        const finish = (settle: () => void): void => {
          clearTimeout(timer);
          wakes.delete(look);
          settle();
        };
        const timer = setTimeout(() => {
          const subjects = heard.map((message) => message.subject).join(", ");
          finish(() =>
            reject(new Error(`nothing wanted on ${subject} within ${ms} ms; heard: ${subjects}`)),
          );
        }, ms);
        wakes.add(look);
        look();
      }),
  };
}

function invoke(
  nats: NatsConnection,
  subject: string,
  params: Uint8Array,
  { headers = {}, rest = [], timeoutMs = PATIENCE_MS }: InvokeOptions = {},
): Promise<RawResults> {
  return new Promise((resolve) => {
    const root = `_INBOX.peer.${crypto.randomUUID()}`;
    const chunks: Uint8Array[] = [];
    let acceptedFrom: string | undefined;
    const finish = (outcome: RawResults["outcome"]): void => {
      clearTimeout(timer);
      subscriptions.forEach((each) => each.unsubscribe());
      resolve({ outcome, bytes: Buffer.concat(chunks), acceptedFrom });
    };
    const timer = setTimeout(() => finish("timeout"), timeoutMs);
    const subscriptions = [
      nats.subscribe(root, {
        callback: (_, message) => {
          if (message.headers?.code === 503) return finish("no-responders");
          acceptedFrom = message.reply;
          for (const chunk of rest) nats.publish(`${message.reply}.params`, chunk);
          nats.publish(`${message.reply}.params`);
        },
      }),
      nats.subscribe(`${root}.results`, {
        callback: (_, message) => {
          if (message.data.length === 0) finish("ended");
          else chunks.push(message.data);
        },
      }),
    ];
    const carried = natsHeaders();
    for (const [name, value] of Object.entries(headers)) carried.set(name, value);
    nats.publish(subject, params, { reply: root, headers: carried });
  });
}
