/**
 * Several components that are started, linked and stopped together: what wasmCloud v2 calls a workload. One component by
 * itself is a `WorkloadSpec`.
 */
import type { Annotations } from "./command.ts";
import type { ImageSource } from "./workload.ts";

export interface WorkloadSetSpec {
  /** Whoever starts it chooses it; never reused for another one. */
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  /** Opaque to the host. */
  readonly annotations: Annotations;
  /** In the order of the manifest, which decides where several could do one thing. */
  readonly members: readonly MemberSpec[];
  /** Runs as long as the set does. */
  readonly service: ServiceSpec | undefined;
  /** What the host is to offer to the members, and how. */
  readonly interfaces: readonly HostInterface[];
  readonly volumes: readonly VolumeSpec[];
}

/** What a member and the service have in common. */
export interface MemberBase {
  readonly image: ImageSource;
  readonly resources: LocalResources;
}

export interface MemberSpec extends MemberBase {
  /** Unique in its set. */
  readonly name: string;
  /** Instances that are kept ready; 0: none. */
  readonly poolSize: number;
  /** Calls after which a ready instance is given up; 0: never. */
  readonly maxInvocations: number;
  /** Calls at once for each ready instance; 1 at least. */
  readonly maxConcurrency: number;
}

export interface ServiceSpec extends MemberBase {
  readonly maxRestarts: number;
}

export interface LocalResources {
  /** For `wasi:config`, and for what the host offers. */
  readonly config: ReadonlyMap<string, string>;
  /** For `wasi:cli/environment`. */
  readonly environment: ReadonlyMap<string, string>;
  readonly mounts: readonly MountSpec[];
  /** Hosts that it may send HTTP requests to, as the sender wrote them; none: it may not. */
  readonly allowedHosts: readonly string[];
}

export interface MountSpec {
  /** Of a volume of the set. */
  readonly volume: string;
  /** Absolute, as the guest sees it. */
  readonly path: string;
  readonly readOnly: boolean;
}

export interface VolumeSpec {
  readonly name: string;
  /** `empty`: ends with the set. `host-path`: a folder of the machine, which no page has. */
  readonly kind: "empty" | "host-path";
}

/** Interfaces of one package that the host offers to those members which have them among their imports or exports. */
export interface HostInterface {
  readonly namespace: string;
  readonly package: string;
  /** Semver; absent: any. */
  readonly version: string | undefined;
  /** Without version; one at least. */
  readonly interfaces: readonly string[];
  /** May hold secrets. */
  readonly config: ReadonlyMap<string, string>;
  /** The id of an offer that is meant, or a label of an import; absent in most cases. */
  readonly name: string | undefined;
}

/**
 * `completed`: its service has ended well, and there is nothing else. `failed` stays until it is stopped.
 */
export type WorkloadSetPhase = "starting" | "running" | "completed" | "stopping" | "failed";

export interface WorkloadSetStatus {
  readonly id: string;
  /** `absent`: there is none of this id. */
  readonly phase: WorkloadSetPhase | "absent";
  /** For people. */
  readonly message: string;
}
