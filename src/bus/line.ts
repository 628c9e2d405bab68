/**
 * What a connection and its server tell each other, where the server is of this project: within one heap, or from tab to
 * tab. Each direction keeps its order.
 */
import type { BusMessage } from "../core/bus.ts";

/** From the connection to the server. Subscriptions and settlings have numbers that the connection gives. */
export interface ServerEnd {
  subscribe(id: number, subject: string, queue: string | undefined): void;
  unsubscribe(id: number): void;
  publish(message: BusMessage): void;
  /** Asks for {@link ClientEnd.settled} when all that was told before is done. */
  settle(id: number): void;
  /** The connection is no more: nothing is told to it after this, and what it told and is not done is dropped. */
  close(): void;
}

/** From the server to the connection. */
export interface ClientEnd {
  deliver(id: number, message: BusMessage): void;
  settled(id: number): void;
  /** The subscription is not there. */
  subscriptionDenied(id: number): void;
  publishDenied(subject: string): void;
}

/** What a connection may do. */
export type Permits = (operation: "publish" | "subscribe", subject: string) => boolean;
