/** The port to whatever executes components. */
import type { Callee, Importee } from "./call.ts";
import type { SignedClaims } from "./claims.ts";
import type { Digest } from "./ids.ts";
import type { View } from "./view.ts";
import type { ImageSource, Limits, LoadProgress } from "./workload.ts";
import type { World } from "./wit.ts";

export interface LoadOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: LoadProgress) => void;
}

export interface Runtime extends AsyncDisposable {
  /**
   * Fetches, checks and prepares a component; nothing of it runs yet.
   *
   * @throws {LatticeError} `bad-input`, `image-unavailable`, `denied`, `image-too-large`, `digest-mismatch`, `bad-image`,
   * `import-unmet`, `unsupported`.
   */
  load(image: ImageSource, options: LoadOptions): Promise<Component>;
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
  /** Gives up the start; a pool that runs ends by its disposal. */
  readonly signal: AbortSignal;
}

/**
 * A running component: instances made ahead of time, each serving exactly one call, and a bounded line of
 * calls that wait. `invoke` throws `overloaded` when the line is full, `deadline`, `guest-trapped`,
 * `worker-lost`, `closed`.
 */
export interface Pool extends Callee, AsyncDisposable {
  readonly load: View<PoolLoad>;
  resize(maxInstances: number): void;
  /** Resolves when no call runs or waits. New calls are still taken: whoever drains has left the queue groups. */
  drained(signal: AbortSignal): Promise<void>;
}

export interface PoolLoad {
  readonly running: number;
  readonly waiting: number;
  /** False from the moment the line is full until it is half empty. */
  readonly accepting: boolean;
}
