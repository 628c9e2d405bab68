/**
 * The messages between an operator of wasmCloud v2 and its hosts, package `wasmcloud.runtime.v2`
 * (wasmCloud/wasmCloud `proto/wasmcloud/runtime/v2/*.proto` @ v2.7.0). On the wire they are JSON in both directions.
 *
 * Operators and hosts of upstream refuse messages with fields that they do not know, so what is newer than v2.0 goes out only
 * where it has something to say.
 */
import {
  bool,
  enumeration,
  type Field,
  float,
  int32,
  type Message,
  message,
  repeated,
  string,
  stringMap,
  timestamp,
  uint32,
  uint64,
} from "../../wire/protojson.ts";

type Texts = ReadonlyMap<string, string>;

/** `wit_interface.proto`. */
export interface WireInterface {
  readonly namespace: string;
  readonly package: string;
  /** Semver; empty: any. */
  readonly version: string;
  readonly interfaces: readonly string[];
  /** Secrets included. */
  readonly config: Texts;
  /** Since v2.0.0. */
  readonly name: string;
}

const witInterface: Message<WireInterface> = message({
  namespace: string,
  package: string,
  version: string,
  interfaces: repeated(string),
  config: stringMap,
  name: string,
});

/** `host_heartbeat.proto`. Sizes are in bytes. */
export interface WireHeartbeat {
  readonly id: string;
  readonly hostname: string;
  /** The name of the host's object in Kubernetes. */
  readonly friendlyName: string;
  readonly version: string;
  /** Labels of that object. */
  readonly labels: Texts;
  readonly startedAt: bigint | undefined;
  readonly osArch: string;
  readonly osName: string;
  readonly osKernel: string;
  /** Percent. */
  readonly systemCpuUsage: number;
  readonly systemMemoryTotal: bigint;
  readonly systemMemoryFree: bigint;
  /** Of workloads that run. */
  readonly componentCount: bigint;
  /** In any state. */
  readonly workloadCount: bigint;
  /** What the host answers. */
  readonly imports: readonly WireInterface[];
  /** What it calls on components. */
  readonly exports: readonly WireInterface[];
  readonly httpPort: number;
  /** Since v2.1.0. */
  readonly environment: string;
}

export const hostHeartbeat: Message<WireHeartbeat> = message({
  id: string,
  hostname: string,
  friendlyName: string,
  version: string,
  labels: stringMap,
  startedAt: timestamp,
  osArch: string,
  osName: string,
  osKernel: string,
  systemCpuUsage: float,
  systemMemoryTotal: uint64,
  systemMemoryFree: uint64,
  componentCount: uint64,
  workloadCount: uint64,
  imports: repeated(witInterface),
  exports: repeated(witInterface),
  httpPort: uint32,
  environment: string,
});

/** `workload.proto`, down to {@link WireWorkload}. In the clear. */
export interface WirePullSecret {
  readonly username: string;
  readonly password: string;
}

export type WirePullPolicy =
  | "IMAGE_PULL_POLICY_UNSPECIFIED"
  | "IMAGE_PULL_POLICY_ALWAYS"
  | "IMAGE_PULL_POLICY_IF_NOT_PRESENT"
  | "IMAGE_PULL_POLICY_NEVER";

export interface WireMount {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly: boolean;
}

export interface WireResources {
  /** Nobody sets or reads these two. */
  readonly memoryLimitMb: number;
  readonly cpuLimit: number;
  readonly config: Texts;
  readonly environment: Texts;
  readonly volumeMounts: readonly WireMount[];
  readonly allowedHosts: readonly string[];
  /** Since v2.6.0. */
  readonly allowedIpNameLookups: readonly string[];
  /** Since v2.7.0. */
  readonly allowedHostLoopbackPorts: readonly string[];
}

export interface WireComponent {
  readonly image: string;
  readonly localResources: WireResources | undefined;
  /** 0 and less: no instances are kept. */
  readonly poolSize: number;
  /** 0 and less: without end. */
  readonly maxInvocations: number;
  readonly imagePullSecret: WirePullSecret | undefined;
  readonly name: string;
  readonly imagePullPolicy: WirePullPolicy;
  /** Since v2.7.0. 1 and less: one call at a time. */
  readonly maxConcurrency: number;
}

export interface WireService {
  readonly image: string;
  readonly localResources: WireResources | undefined;
  readonly maxRestarts: bigint;
  readonly imagePullSecret: WirePullSecret | undefined;
  readonly imagePullPolicy: WirePullPolicy;
}

/** One of the two kinds at most; none is an empty folder. */
export interface WireVolume {
  readonly name: string;
  readonly hostPath: { readonly localPath: string } | undefined;
  readonly emptyDir: object | undefined;
}

export interface WireWorld {
  readonly components: readonly WireComponent[];
  readonly hostInterfaces: readonly WireInterface[];
}

export interface WireWorkload {
  readonly namespace: string;
  readonly name: string;
  readonly annotations: Texts;
  readonly service: WireService | undefined;
  readonly witWorld: WireWorld | undefined;
  readonly volumes: readonly WireVolume[];
}

const imagePullSecret: Message<WirePullSecret> = message({ username: string, password: string });

const imagePullPolicy: Field<WirePullPolicy> = enumeration([
  "IMAGE_PULL_POLICY_UNSPECIFIED",
  "IMAGE_PULL_POLICY_ALWAYS",
  "IMAGE_PULL_POLICY_IF_NOT_PRESENT",
  "IMAGE_PULL_POLICY_NEVER",
]);

const volumeMount: Message<WireMount> = message({
  name: string,
  mountPath: string,
  readOnly: bool,
});

const localResources: Message<WireResources> = message({
  memoryLimitMb: int32,
  cpuLimit: int32,
  config: stringMap,
  environment: stringMap,
  volumeMounts: repeated(volumeMount),
  allowedHosts: repeated(string),
  allowedIpNameLookups: repeated(string),
  allowedHostLoopbackPorts: repeated(string),
});

const component: Message<WireComponent> = message({
  image: string,
  localResources,
  poolSize: int32,
  maxInvocations: int32,
  imagePullSecret,
  name: string,
  imagePullPolicy,
  maxConcurrency: int32,
});

const service: Message<WireService> = message({
  image: string,
  localResources,
  maxRestarts: uint64,
  imagePullSecret,
  imagePullPolicy,
});

const volume: Message<WireVolume> = message({
  name: string,
  hostPath: message({ localPath: string }),
  emptyDir: message({}),
});

const workload: Message<WireWorkload> = message({
  namespace: string,
  name: string,
  annotations: stringMap,
  service,
  witWorld: message<WireWorld>({
    components: repeated(component),
    hostInterfaces: repeated(witInterface),
  }),
  volumes: repeated(volume),
});

/** `workload_service.proto`. */
export interface WireStart {
  readonly workload: WireWorkload | undefined;
  readonly workloadId: string;
}

/** Of a status and of a stop. */
export interface WireRequest {
  readonly workloadId: string;
}

export type WireState =
  | "WORKLOAD_STATE_UNSPECIFIED"
  | "WORKLOAD_STATE_STARTING"
  | "WORKLOAD_STATE_RUNNING"
  | "WORKLOAD_STATE_COMPLETED"
  | "WORKLOAD_STATE_STOPPING"
  | "WORKLOAD_STATE_ERROR"
  | "WORKLOAD_STATE_NOT_FOUND";

export interface WireStatus {
  readonly workloadId: string;
  readonly workloadState: WireState;
  readonly message: string;
}

/** Of a start, a status and a stop. An operator fails over one without a status. */
export interface WireResponse {
  readonly workloadStatus: WireStatus | undefined;
}

export const workloadStartRequest: Message<WireStart> = message({ workload, workloadId: string });

export const workloadRequest: Message<WireRequest> = message({ workloadId: string });

export const workloadResponse: Message<WireResponse> = message({
  workloadStatus: message<WireStatus>({
    workloadId: string,
    workloadState: enumeration([
      "WORKLOAD_STATE_UNSPECIFIED",
      "WORKLOAD_STATE_STARTING",
      "WORKLOAD_STATE_RUNNING",
      "WORKLOAD_STATE_COMPLETED",
      "WORKLOAD_STATE_STOPPING",
      "WORKLOAD_STATE_ERROR",
      "WORKLOAD_STATE_NOT_FOUND",
    ]),
    message: string,
  }),
});
