/**
 * The gate through which each invocation goes before anything of it is executed, and who hears of those that are
 * turned away.
 */
import type { BusMessage } from "../../core/bus.ts";
import type { Chunks } from "./chunks.ts";
import type { CheckParts, Fault } from "./checks.ts";
import type { Invocation } from "./invocation.ts";
import type { Seen } from "./seen.ts";

import { asLatticeError, messageOf } from "../../core/error.ts";
import { checkArgument, checkInvocation, isFault, replayed } from "./checks.ts";
import { isElsewhere, readInvocation } from "./invocation.ts";

/** What is known of an invocation that was turned away. */
export interface Alarm extends Fault {
  readonly subject: string;
  readonly invocation: Invocation;
}

export interface GuardParts extends CheckParts {
  readonly chunks: Chunks;
  readonly seen: Seen;
  /** Hears of each invocation that is not what it claims to be. */
  readonly alarm: (alarm: Alarm) => void;
}

export type Admission =
  | {
      readonly tag: "admitted";
      readonly invocation: Invocation;
      /** All of it, also of one that came through the object store. */
      readonly argument: Uint8Array;
    }
  | {
      readonly tag: "refused";
      /** Absent if the message is no invocation at all. */
      readonly invocation: Invocation | undefined;
      /** What is wrong with it; absent if that is only that its argument cannot be had. */
      readonly fault: Fault | undefined;
      /** As a host tells the sender. */
      readonly text: string;
    };

export interface Guard {
  /** `home`: the subject on which calls of the invocation's target come, by what the target says. */
  admit(
    message: BusMessage,
    home: (invocation: Invocation) => string,
    signal: AbortSignal,
  ): Promise<Admission>;
}

export function createGuard(parts: GuardParts): Guard {
  const { chunks, seen, alarm } = parts;
  return {
    async admit({ subject, data }, home, signal) {
      let invocation: Invocation;
      try {
        invocation = readInvocation(data);
      } catch (cause) {
        return { tag: "refused", invocation: undefined, fault: undefined, text: messageOf(cause) };
      }
      const refuse = (found: Fault): Admission => {
        alarm({ ...found, subject, invocation });
        return { tag: "refused", invocation, fault: found, text: found.text };
      };
      const outcome = await checkInvocation(invocation, { subject, home: home(invocation) }, parts);
      if (isFault(outcome)) return refuse(outcome);
      const { id, msg, content_length } = invocation;
      if (!isElsewhere(invocation)) {
        const forged = await checkArgument(invocation, msg, outcome.hash, parts);
        if (forged !== undefined) return refuse(forged);
      }
      let argument: Uint8Array;
      try {
        argument = await chunks.take(id, msg, content_length, signal);
      } catch (cause) {
        // Of what was signed nothing is known to be wrong: it can only not be had.
        const { message } = asLatticeError(cause);
        return { tag: "refused", invocation, fault: undefined, text: message };
      }
      if (argument !== msg) {
        const forged = await checkArgument(invocation, argument, outcome.hash, parts);
        if (forged !== undefined) return refuse(forged);
      }
      if (parts.strict && !seen.add(outcome.issuer, id)) return refuse(replayed());
      void chunks.forget(id, content_length, signal);
      return { tag: "admitted", invocation, argument };
    },
  };
}
