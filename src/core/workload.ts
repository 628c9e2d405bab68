/** What is asked to run, within which limits. A 1.x component is a workload of one component. */
import type { EntityId } from "./ids.ts";
import type { RegistryCredentials } from "./registry.ts";

/** Where a component's bytes come from. */
export interface ImageSource {
  /** As it was given: `https://host/x.wasm#sha256=…`. With `bytes`, the name they are shown under. */
  readonly reference: string;
  /** Bytes at hand. */
  readonly bytes?: Uint8Array;
  /** What its registry alone is shown, before whatever the node knows of that registry. */
  readonly credentials?: RegistryCredentials;
  /**
   * `always`: the registry is asked what the reference means now. `never`: only what is kept here counts. Default
   * `if-not-present`: as the kind of reference has it.
   */
  readonly pull?: "always" | "if-not-present" | "never";
}

export interface Limits {
  /** Linear memory of one instance, in bytes; all its memories together. */
  readonly maxMemoryBytes: number;
  /** From the acceptance of a call to its end, waiting included, in milliseconds. */
  readonly callDeadlineMs: number;
  /** Calls that wait while `maxInstances` run. */
  readonly queueLimit: number;
}

/** 256 MiB, 30 s, 100 waiting calls. */
export const DEFAULT_LIMITS: Limits = {
  maxMemoryBytes: 256 * 1024 * 1024,
  callDeadlineMs: 30_000,
  queueLimit: 100,
};

export interface WorkloadSpec {
  readonly id: EntityId;
  readonly image: ImageSource;
  /** Calls that may run at once in this host. */
  readonly maxInstances: number;
  /** Opaque to the host; returned as given. */
  readonly annotations: ReadonlyMap<string, string>;
  /** What the component reads through `wasi:config`, over what its names give. */
  readonly config: ReadonlyMap<string, string>;
  /** Names of configuration that the lattice keeps, in the order in which it is merged. */
  readonly configNames: readonly string[];
  readonly limits: Limits;
}

/** A step of getting a component ready, in order. */
export type LoadStage = "resolve" | "fetch" | "verify" | "transpile" | "compile" | "subscribe";

export interface LoadProgress {
  readonly stage: LoadStage;
  /** Bytes so far, of `totalBytes` where that is known; for `fetch` only. */
  readonly bytes?: number;
  readonly totalBytes?: number;
}

export type WorkloadState =
  | { readonly phase: "starting"; readonly progress: LoadProgress }
  | { readonly phase: "running" }
  | { readonly phase: "stopping" }
  | { readonly phase: "failed"; readonly error: string };
