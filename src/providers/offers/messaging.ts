/**
 * `wasmcloud-messaging`: NATS as components of a set have it. What they send and ask goes out as they say; messages of
 * the subjects that they subscribe to come in (wasmCloud
 * `crates/wash-runtime/src/plugin/wasmcloud_messaging/nats.rs` at v2.7.0).
 */
import type { Bus, BusMessage, Subscription } from "../../core/bus.ts";
import type { Call, Callee } from "../../core/call.ts";
import type { BoundOffer, OfferContext, SetCallee } from "../../core/offer.ts";
import type { WitValue } from "../../core/wit.ts";

import { flushed } from "../../core/bus.ts";
import { asLatticeError, LatticeError, messageOf } from "../../core/error.ts";
import { bytesOf, partOf, stringOf } from "../../interfaces/parts.ts";
import { servedOf } from "../served.ts";
import { createSource } from "../../core/view.ts";
import { consumerGroup } from "./consumer-group.ts";
import { checkHeard, checkSent } from "./reserved-subjects.ts";

const CONSUMER = "wasmcloud:messaging/consumer@0.2.0";
const HANDLER = "wasmcloud:messaging/handler@0.2.0";

/** An entry of this name means this offer, and no other one for entries with names. */
const OFFER = "wasmcloud-messaging";
const SUBSCRIPTIONS = "subscriptions";
const GROUP = "consumer_group";
/** Subjects of one component. */
const MOST_SUBJECTS = 100;
/** Until the server must have said that it knows the subscriptions. */
const SUBSCRIBE_MS = 5000;

/** What one member takes. */
interface Wanted {
  readonly member: string;
  readonly subjects: readonly string[];
  readonly group: string | undefined;
}

/** @throws {LatticeError} `bad-input`, `denied` for configuration that cannot be used. */
export function bindMessaging(context: OfferContext): BoundOffer {
  const { bus, log } = context;
  checkBackends(context);
  const wanted = wantedBy(context);
  const ended = new AbortController();
  const running = new Set<Promise<void>>();
  const broken = createSource<LatticeError | undefined>(undefined);
  const onDenied = (error: LatticeError): void => broken.set(error);
  let memberships: readonly Membership[] = [];

  const deliver = (to: SetCallee, message: BusMessage): void => {
    const handled = hand(to, message, ended.signal).catch((cause: unknown) =>
      log.warn("message.failed", {
        workload: to.id,
        subject: message.subject,
        code: asLatticeError(cause).code,
        problem: messageOf(cause),
      }),
    );
    running.add(handled);
    void handled.finally(() => running.delete(handled));
  };

  return {
    serves: { world: servedOf(CONSUMER), callee: createConsumer(context) },
    async begin(members, signal) {
      memberships = wanted.flatMap(({ member, subjects, group }) => {
        const to = members.get(member);
        if (to === undefined) return [];
        return subjects.map((subject) =>
          subscribe({ bus, to, subject, group, deliver, onDenied }, ended.signal),
        );
      });
      const late = AbortSignal.timeout(SUBSCRIBE_MS);
      try {
        await flushed(bus, AbortSignal.any([signal, late]));
      } catch (cause) {
        if (!late.aborted || signal.aborted) throw cause;
        const error = `the server did not take the subscriptions within ${SUBSCRIBE_MS} ms`;
        throw new LatticeError("deadline", error, { cause });
      }
      const refusal = broken.peek();
      if (refusal !== undefined) throw refusal;
    },
    broken,
    async end(signal) {
      const left = (async (): Promise<void> => {
        await Promise.all(memberships.map(({ leave }) => leave()));
        while (running.size > 0) {
          // oxlint-disable-next-line no-await-in-loop -- a message that has come meanwhile is waited for as well
          await Promise.all(running);
        }
      })();
      await Promise.race([left, abortOf(signal)]);
    },
    async [Symbol.asyncDispose]() {
      ended.abort(new LatticeError("closed", `the workload ${context.set.name} has ended`));
      await Promise.allSettled(running);
    },
  };
}

/**
 * An entry with a name chooses where its messages go, in memory if it says nothing (wasmCloud
 * `crates/wash-runtime/src/plugin/wasmcloud_messaging/multiplexed.rs` at v2.7.0): whoever wants them nowhere else is not to find
 * them on the lattice's server.
 *
 * @throws {LatticeError} `unsupported` for anything but the node's own server.
 */
function checkBackends({ entries }: Pick<OfferContext, "entries">): void {
  for (const { name, config } of entries) {
    if (name === undefined || name === OFFER) continue;
    const backend = config.get("backend") ?? "in-memory";
    if (backend === "nats" && !config.has("url")) continue;
    // The address may hold a password.
    const met =
      backend === "nats" ? "a server of its own (url)" : `backend ${JSON.stringify(backend)}`;
    const error = `wasmcloud:messaging '${name}': ${met} is not offered here; backend "nats" without url is the node's server`;
    throw new LatticeError("unsupported", error);
  }
}

/** @throws {LatticeError} `bad-input` for configuration that cannot be used. */
function wantedBy({ set, entries, members, lattice }: OfferContext): readonly Wanted[] {
  // Of several entries, the one that is about what comes in.
  const entry = entries.find((each) => each.interfaces.includes("handler")) ?? entries[0];
  return [...members].flatMap(([member, { world, resources }]) => {
    if (!handles(world.exports)) return [];
    const config = (key: string): string | undefined =>
      resources.config.get(key) ?? entry?.config.get(key);
    const subjects = (config(SUBSCRIPTIONS) ?? "")
      .split(",")
      .map((each) => each.trim())
      .filter((each) => each !== "");
    if (subjects.length > MOST_SUBJECTS) {
      const error = `${SUBSCRIPTIONS} of ${member} has ${subjects.length} subjects; at most ${MOST_SUBJECTS} are taken`;
      throw new LatticeError("bad-input", error);
    }
    for (const subject of subjects) {
      try {
        checkHeard(subject, lattice);
      } catch (cause) {
        const { code, message } = asLatticeError(cause);
        throw new LatticeError(code, `${SUBSCRIPTIONS} of ${member}: ${message}`, { cause });
      }
    }
    const consumer = { namespace: set.namespace, workload: set.name, component: member };
    return [{ member, subjects, group: consumerGroup(config(GROUP), consumer) }];
  });
}

function handles(exports: ReadonlyMap<string, unknown>): boolean {
  return exports.has(HANDLER) || exports.has("wasmcloud:messaging/incoming-handler@0.3.0");
}

interface Membership {
  readonly leave: () => Promise<void>;
}

interface Wish {
  readonly bus: Bus;
  readonly to: SetCallee;
  readonly subject: string;
  readonly group: string | undefined;
  readonly deliver: (to: SetCallee, message: BusMessage) => void;
  /** The server has refused it, at once or when a lost connection was back. */
  readonly onDenied: (error: LatticeError) => void;
}

/** Takes messages while the member has room; in a group, others take them meanwhile. */
function subscribe(
  { bus, to, subject, group, deliver, onDenied }: Wish,
  ended: AbortSignal,
): Membership {
  const left = new AbortController();
  let subscription: Subscription | undefined;
  let leaving: Promise<void> = Promise.resolve();
  const join = (): void => {
    subscription ??= bus.subscribe(subject, (message) => deliver(to, message), {
      ...(group === undefined ? {} : { queue: group }),
      signal: ended,
      onDenied(cause) {
        const error = `the server refuses the subscription to ${subject}: ${messageOf(cause)}`;
        onDenied(new LatticeError("denied", error, { cause }));
      },
    });
  };
  const leave = (): void => {
    if (subscription === undefined) return;
    leaving = subscription.drain().catch(() => undefined); // the bus that is gone brings nothing either
    subscription = undefined;
  };
  const decide = (): void => {
    if (left.signal.aborted || ended.aborted) return;
    // Without a group nobody else would have the message.
    if (group === undefined || to.accepting.peek()) join();
    else leave();
  };
  decide();
  to.accepting.subscribe(decide, AbortSignal.any([left.signal, ended]));
  return {
    async leave() {
      left.abort();
      leave();
      await leaving;
    },
  };
}

let messages = 0;

async function hand(
  { id, callee }: SetCallee,
  { subject, data, reply, release }: BusMessage,
  signal: AbortSignal,
): Promise<void> {
  const call: Call = {
    id: `message-${++messages}`,
    source: undefined,
    target: id,
    link: "default",
    instance: HANDLER,
    func: "handle-message",
    args: [{ subject, body: data, replyTo: reply }],
    trace: new Map(),
    signal,
  };
  try {
    const [result] = await callee.invoke(call);
    if (partOf(result, "tag") === "err") {
      throw new LatticeError("bad-message", `it was refused: ${stringOf(partOf(result, "val"))}`);
    }
  } finally {
    release?.();
  }
}

/** What a component asks of NATS. */
function createConsumer({ bus, clock }: OfferContext): Callee {
  return {
    async invoke({ instance, func, args, signal }) {
      if (instance === CONSUMER && func === "publish") return [publish(bus, args)];
      if (instance === CONSUMER && func === "request") {
        const [given, body, timeoutMs] = args;
        const subject = stringOf(given);
        const late = new AbortController();
        const ms = Number(timeoutMs);
        const cancel = clock.after(ms, () =>
          late.abort(new LatticeError("deadline", `request timed out after ${ms}ms`)),
        );
        try {
          checkSent(subject);
          const reply = await bus.request(subject, bytesOf(body), {
            signal: AbortSignal.any([signal, late.signal]),
          });
          return [ok({ subject: reply.subject, body: reply.data, replyTo: reply.reply })];
        } catch (cause) {
          signal.throwIfAborted();
          if (late.signal.aborted) return [err(messageOf(cause))];
          return [err(`failed to send request: ${messageOf(cause)}`)];
        } finally {
          cancel();
        }
      }
      throw new LatticeError("not-found", `messaging has no function ${instance}#${func}`);
    },
  };
}

function publish(bus: Bus, [message]: readonly WitValue[]): WitValue {
  const subject = stringOf(partOf(message, "subject"));
  const body = bytesOf(partOf(message, "body"));
  const replyTo = partOf(message, "replyTo");
  const reply = replyTo === undefined ? undefined : stringOf(replyTo);
  try {
    checkSent(subject);
    if (reply !== undefined) checkSent(reply);
    bus.publish(subject, body, reply === undefined ? {} : { reply });
    return ok(undefined);
  } catch (cause) {
    return err(`failed to send message: ${messageOf(cause)}`);
  }
}

const ok = (val: WitValue): WitValue => ({ tag: "ok", val });
const err = (val: string): WitValue => ({ tag: "err", val });

function abortOf(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
