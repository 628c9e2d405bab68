/**
 * What the tabs of a lattice of their own say to each other. The protocol has a number in the names of all that they share,
 * so that tabs of versions that differ make lattices that differ.
 */
import type { BusMessage } from "../core/bus.ts";

const ROOT = "inlay.solo.1";

interface Names {
  /** The channel that all listen to. */
  readonly all: string;
  /** The lock of the arbiter. */
  readonly office: string;
  /** The lock that a tab holds while it lives. */
  readonly member: (id: string) => string;
  /** The channel of one member and one arbiter: a later one is not heard on it. */
  readonly link: (epoch: number, token: string) => string;
}

const MEMBER = `${ROOT}.member.`;

/** The members among the names of locks. */
export const membersIn = (locks: readonly string[]): readonly string[] =>
  locks.flatMap((name) => (name.startsWith(MEMBER) ? [name.slice(MEMBER.length)] : []));

export const SOLO_NAMES: Names = {
  all: ROOT,
  office: `${ROOT}.office`,
  member: (id) => MEMBER + id,
  link: (epoch, token) => `${ROOT}.link.${epoch}.${token}`,
};

/** Said to all. */
export type Notice =
  /** There is an arbiter; it answers when it is ready. */
  | { readonly type: "office"; readonly epoch: number; readonly ready: boolean }
  /** The arbiter ends. */
  | { readonly type: "left"; readonly epoch: number }
  /** A member wants to be linked with the arbiter of that epoch. */
  | {
      readonly type: "hello";
      readonly epoch: number;
      readonly member: string;
      readonly token: string;
    };

/** From a member to the arbiter; `of` is the connection of that member. */
export type Upward =
  | {
      readonly op: "subscribe";
      readonly of: number;
      readonly id: number;
      readonly subject: string;
      readonly queue: string | undefined;
    }
  | { readonly op: "unsubscribe" | "settle"; readonly of: number; readonly id: number }
  | { readonly op: "publish"; readonly of: number; readonly message: BusMessage }
  | { readonly op: "close"; readonly of: number }
  /** All subscriptions that the member had were told. */
  | { readonly op: "here" }
  | { readonly op: "bye" };

/** From the arbiter to a member. */
export type Downward =
  /** The arbiter listens. */
  | { readonly op: "welcome" }
  /** It knows of all subscriptions that there are: messages may come. */
  | { readonly op: "begin" }
  | {
      readonly op: "deliver";
      readonly to: number;
      readonly id: number;
      readonly message: BusMessage;
    }
  | { readonly op: "settled"; readonly to: number; readonly id: number }
  /** The member is to link itself anew. */
  | { readonly op: "cut"; readonly reason: string };

/** What is said to all may come from a version that says more. */
export function readNotice(posted: unknown): Notice | undefined {
  if (typeof posted !== "object" || posted === null || !("type" in posted)) return undefined;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- tabs of one origin and protocol say nothing else
  return posted as Notice;
}
