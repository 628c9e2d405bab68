/** The port to whatever executes components. */
import type { Callee, ImportCall, Importee } from "./call.ts";
import type { SignedClaims } from "./claims.ts";
import type { LatticeError } from "./error.ts";
import type { Digest } from "./ids.ts";
import type { View } from "./view.ts";
import type { ImageSource, Limits, LoadProgress } from "./workload.ts";
import type { WitValue, World } from "./wit.ts";

export interface LoadOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: LoadProgress) => void;
  /** Whether it is to be run with mounts; default false. */
  readonly mounts?: boolean;
}

export interface Runtime extends AsyncDisposable {
  /**
   * Fetches, checks and prepares a component; nothing of it runs yet.
   *
   * @throws {LatticeError} `bad-input`, `image-unavailable`, `denied`, `image-too-large`, `digest-mismatch`, `bad-image`,
   * `import-unmet`, `unsupported`.
   */
  load(image: ImageSource, options: LoadOptions): Promise<Component>;
  /** An empty volume, in memory. Absent where there are none. */
  openVolume?(name: string, signal: AbortSignal): Promise<Volume>;
}

/** A prepared component: its bytes by digest, and its types. */
export interface Component {
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly world: World;
  /** What whoever signed it says of it; absent where nobody did. */
  readonly claims?: SignedClaims | undefined;
  /** Resolves when the first instance is ready to be called. */
  run(options: RunOptions): Promise<Pool>;
}

export interface RunOptions {
  /** Calls that may run at once. */
  readonly maxInstances: number;
  readonly limits: Limits;
  /** Answers what the guest imports beyond WASI. */
  readonly imports: Importee;
  /** What `wasi:cli/environment` gives; default nothing. */
  readonly environment?: ReadonlyMap<string, string>;
  /** What `wasi:filesystem/preopens` gives, if it was loaded for that; default nothing. */
  readonly mounts?: readonly Mount[];
  /** Instances that serve several calls one after the other, and keep what they have between them; default none. */
  readonly kept?: KeptInstances;
  /** Gives up the start; a pool that runs ends by its disposal. */
  readonly signal: AbortSignal;
}

/** A volume as one component sees it. */
export interface Mount {
  /** Absolute. */
  readonly path: string;
  readonly readOnly: boolean;
  readonly volume: Volume;
}

/** Files that several components share, and that end with it. What is in it is the runtime's own matter. */
export interface Volume extends AsyncDisposable {
  readonly name: string;
}

export interface KeptInstances {
  /** How many there are at most; calls beyond them have an instance each. */
  readonly instances: number;
  /** Calls after which one is given up; 0: never. */
  readonly maxCalls: number;
}

/**
 * A running component: instances made ahead of time, each serving exactly one call unless a resource lives in it, and a
 * bounded line of calls that wait. `invoke` throws `overloaded` when the line is full, `deadline`, `guest-trapped`,
 * `worker-lost`, `closed`.
 */
export interface Pool extends Callee, AsyncDisposable {
  readonly load: View<PoolLoad>;
  /** Of a component that exports resources. */
  readonly resources?: PoolResources;
  /** Why no worker is there and none could be started; `undefined` while that is not so. Absent if it cannot come to that. */
  readonly broken?: View<LatticeError | undefined>;
  /** Absent if the component cannot run in another one's worker: its guests wait for their host. */
  readonly portable?: Portable;
  /**
   * Has `portable` run in this component's worker as well, for the calls that are entrusted to it. Absent if this
   * component's guests cannot be answered there; `undefined` if they cannot at the moment.
   */
  accompany?(portable: Portable, witness: Witness): Companion | undefined;
  /** How it does at the moment; absent where nobody can tell. Its workers time their guests for a while from then on. */
  vitals?(): Promise<PoolVitals>;
  resize(maxInstances: number): void;
  /** Resolves when no call runs or waits. New calls are still taken: whoever drains has left the queue groups. */
  drained(signal: AbortSignal): Promise<void>;
}

export interface PoolResources {
  /** What all handles of this run say of where they lead. */
  readonly place: string;
  /** Whoever had the handle has no use for it any more. One that leads nowhere means nothing. */
  drop(handle: Uint8Array): void;
}

/** Of all workers of a component, with what runs beside it there. */
export interface PoolVitals {
  readonly workers: number;
  /** Instances that are there, also those that wait for a call. */
  readonly instances: number;
  /** Linear memories: of the instances, and those that are kept for the next ones. */
  readonly memoryBytes: number;
  /** Milliseconds that guests have computed since this was asked first; what they wait for does not count. */
  readonly ranMs: number;
}

export interface PoolLoad {
  readonly running: number;
  readonly waiting: number;
  /** False from the moment the line is full until it is half empty. */
  readonly accepting: boolean;
}

/** A running component in a form that the worker of another one takes. What is in it is the runtime's own matter. */
export interface Portable {
  /** Whether calls of this function can be answered there: plain values go in and come out. */
  serves(instance: string, func: string): boolean;
}

/** A component that runs in the worker of one that calls it: such calls cross to no other realm. */
export interface Companion {
  /** From now on, calls of this function by guests of the worker are answered in it. */
  entrust(instance: string, func: string): void;
  /** Resolves when no call is answered there any more, and all were told; at the latest when the worker is gone. */
  dismiss(): Promise<void>;
  /** Aborts if it ends by itself, with the reason; `closed` if only because its worker is not needed any more. */
  readonly lost: AbortSignal;
}

/** Hears of what a companion has answered, at the latest when the call ends within which that was. */
export interface Witness {
  /**
   * A call has ended well. One that took longer than {@link SLOW_MS} has been taken from the companion: it answers no other
   * call of this function until that is entrusted again.
   */
  ended(call: CompanionCall): void;
  /** A call has failed: gives what its guest is to get instead of results, or throws that. */
  failed(call: CompanionCall, reason: LatticeError): readonly WitValue[];
}

/** A call as its companion has answered it. */
export type CompanionCall = Omit<ImportCall, "args" | "linkNames"> & {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly tookMs: number;
};

/** A worker that answers a call for longer keeps its other guests waiting for too long. */
export const SLOW_MS = 5;

/** How the message of a call ends whose guest has ended itself by `wasi:cli/exit`, and says that all went well. */
export const EXITED_WELL = "it exited successfully";
