/**
 * The port to what keeps the streams of a lattice that tabs make by themselves. Of the tabs that could write, one may: the
 * one that took the last epoch.
 */
import type { BusMessage } from "./bus.ts";

export interface KeptStream {
  readonly name: string;
  /** As it was asked for. */
  readonly config: object;
  /** Differs when the stream was removed and made anew. */
  readonly created: string;
  /** By their sequences, the lowest first. */
  readonly messages: ReadonlyMap<number, BusMessage>;
  /** The last sequence that was given. */
  readonly last: number;
}

/** One step of a stream: what goes, and what comes under the sequence `last`. */
export interface StreamChange extends Pick<KeptStream, "config" | "created" | "last"> {
  readonly stream: string;
  readonly removed: readonly number[];
  readonly put?: BusMessage;
}

/** The right to write, until somebody takes the next one. */
export interface Epoch {
  /** Counts from 1; 0 means that none was taken yet. */
  readonly epoch: number;
  /** Who took it. */
  readonly by: string;
}

/** Each method throws a {@link LatticeError}: `unsupported` when there is no storage, `too-large` when it is full. */
export interface KeptStreams {
  last(): Promise<Epoch>;
  /** Takes an epoch, the one after the last; false if somebody else has it. From then on no other can write. */
  take(epoch: Epoch): Promise<boolean>;
  load(): Promise<readonly KeptStream[]>;
  /** All of the change or nothing of it. @throws {LatticeError} `gone` once an epoch after `epoch` was taken. */
  write(epoch: number, change: StreamChange): Promise<void>;
  close(): void;
}
