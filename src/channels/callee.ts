/**
 * Calls from one realm to another with all that a {@link Callee} has: streams and futures in both directions, a signal that ends
 * them too, and an end that may come long after the results. A page and its host worker call each other so.
 */
import type { Call, Callee, Results } from "../core/call.ts";
import type { WitValue } from "../core/wit.ts";
import type { FlowMethods, FlowReason, FlowScope } from "./flows.ts";
import type { Port } from "./port.ts";

import { flowing } from "../core/call.ts";
import { asLatticeError, LatticeError } from "../core/error.ts";
import { unlessAborted } from "../core/later.ts";
import { createFlows } from "./flows.ts";
import { compact } from "./port.ts";
import { answer, remote } from "./rpc.ts";

/** A call where it crosses: handles in the place of streams and promises. */
type CallMessage = Omit<Call, "signal">;

interface AnswerMessage {
  readonly results: readonly WitValue[];
  /** The call goes on; {@link CalleeMethods.ended} tells of its end. */
  readonly flows: boolean;
}

interface CalleeMethods extends FlowMethods {
  invoke(id: number, call: CallMessage): Promise<AnswerMessage>;
  /** Resolves when nothing flows any more in the call; rejects if something broke off. Asked once for each that flows. */
  ended(id: number): Promise<void>;
  /** Nobody waits for the call any more. */
  abandon(id: number, reason: FlowReason): Promise<void>;
}

export interface BegunCall {
  /** As those of {@link Callee.invoke}. */
  readonly results: Promise<Results>;
  /** Resolves when the other side has done with the call, also where its caller gave it up long before. */
  readonly over: Promise<void>;
}

export interface CallChannel<Other extends object> {
  /** Methods of the other side beside calls. */
  readonly other: Other;
  /** Calls the other side's callee. */
  readonly begin: (call: Call) => BegunCall;
}

export interface CallChannelOptions {
  /** What the other side may call. */
  readonly callee?: Callee;
  /** Methods beside calls, under other names than those of calls. */
  readonly methods?: object & { readonly [Name in keyof CalleeMethods]?: never };
}

/** One end of `port`, until `signal` aborts; the other end does the same. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names the other side
export function openCallChannel<Other extends object>(
  port: Port,
  signal: AbortSignal,
  { callee = NOBODY, methods = {} }: CallChannelOptions,
): CallChannel<Other> {
  const peer = remote<CalleeMethods & Other>(port, signal);
  const flows = createFlows(peer);
  let lastId = 0;
  answer(
    port,
    { ...methods, ...flows.methods, ...answers(callee, () => flows.scope(), signal) },
    signal,
  );
  return {
    other: peer,
    begin({ signal: wanted, ...call }) {
      const scope = flows.scope();
      const id = ++lastId;
      const args = call.args.map((value) => compact(scope.lend(value)));
      const sent = peer.invoke(id, { ...call, args });
      const ended = sent.then(({ flows: goesOn }) => (goesOn ? peer.ended(id) : undefined));
      const settled = new AbortController();
      const giveUp = (): void => {
        const reason = asLatticeError(wanted.reason, "aborted");
        const { code, message } = reason;
        peer.abandon(id, { code, message }).catch(() => undefined); // nobody is there any more
        scope.close(reason);
      };
      if (wanted.aborted) giveUp();
      wanted.addEventListener("abort", giveUp, { once: true, signal: settled.signal });
      const over = ended
        .catch(() => undefined) // whoever has the results hears of it
        .finally(() => {
          settled.abort();
          // What has come can still be read; what was broken off says so itself.
          scope.close(new LatticeError("closed", "the call has ended"), { kept: true });
        });
      const given = sent.then(({ results, flows: goesOn }): Results => {
        const values = scope.accept(results);
        return goesOn ? flowing(values, ended) : values;
      });
      given.catch(() => undefined); // heard below, unless the call was given up before it began
      return { results: unlessAborted(given, wanted), over };
    },
  };
}

const NOBODY: Callee = {
  invoke: ({ func }) =>
    Promise.reject(new LatticeError("internal", `nobody takes calls here, as that of ${func}`)),
};

/** What lets the other side call `callee`. */
function answers(
  callee: Callee,
  scopeOf: () => FlowScope,
  signal: AbortSignal,
): Omit<CalleeMethods, keyof FlowMethods> {
  const running = new Map<number, { readonly ended: AbortController; readonly scope: FlowScope }>();
  const overs = new Map<number, Promise<void>>();
  signal.addEventListener(
    "abort",
    () => {
      for (const { ended } of running.values()) ended.abort(signal.reason);
    },
    { once: true },
  );
  const finish = (id: number): void => {
    const reason = new LatticeError("closed", "the call has ended");
    running.get(id)?.scope.close(reason);
    running.delete(id);
  };
  return {
    async invoke(id, call) {
      const ended = new AbortController();
      const scope = scopeOf();
      running.set(id, { ended, scope });
      let goesOn = false;
      try {
        const args = call.args.map((value) => scope.accept(value));
        const given = await callee.invoke({ ...call, args, signal: ended.signal });
        // Where nobody waits any more the scope is closed, and ends what is lent in it.
        const results = given.map((value) => compact(scope.lend(value)));
        if (ended.signal.aborted) throw asLatticeError(ended.signal.reason, "aborted");
        goesOn = scope.lending() || given.ended !== undefined;
        if (goesOn) {
          const over = Promise.all([scope.lent(), given.ended]).then(() => undefined);
          overs.set(id, over);
          over.catch(() => undefined).finally(() => finish(id));
        }
        return { results, flows: goesOn };
      } finally {
        if (!goesOn) finish(id);
      }
    },
    ended(id) {
      const over = overs.get(id) ?? Promise.resolve();
      overs.delete(id);
      return over;
    },
    async abandon(id, { code, message }) {
      const call = running.get(id);
      const reason = new LatticeError(code, message);
      call?.scope.close(reason);
      call?.ended.abort(reason);
    },
  };
}
