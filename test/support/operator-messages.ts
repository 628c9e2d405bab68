/** Any messages of v2, as fast-check makes them. */
import * as fc from "fast-check";
import type {
  WireHeartbeat,
  WireInterface,
  WireResources,
  WireResponse,
  WireStart,
} from "../../src/dialects/v2/schema.ts";

/** Texts that UTF-8 can hold. */
const string = fc.string({ unit: "grapheme" });
const strings = fc.array(string, { maxLength: 4 });
const texts = fc
  .array(fc.tuple(string, string), { maxLength: 4 })
  .map((entries): ReadonlyMap<string, string> => new Map(entries));
const int32 = fc.integer();
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const orNone = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined });
const listOf = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<readonly T[]> =>
  fc.array(value, { maxLength: 3 });

const witInterface: fc.Arbitrary<WireInterface> = fc.record({
  namespace: string,
  package: string,
  version: string,
  interfaces: strings,
  config: texts,
  name: string,
});

export const anyHeartbeat: fc.Arbitrary<WireHeartbeat> = fc.record({
  id: string,
  hostname: string,
  friendlyName: string,
  version: string,
  labels: texts,
  startedAt: orNone(
    fc.bigInt({ min: -62_135_596_800_000_000_000n, max: 253_402_300_799_999_999_999n }),
  ),
  osArch: string,
  osName: string,
  osKernel: string,
  systemCpuUsage: fc.float().map((value) => value + 0),
  systemMemoryTotal: uint64,
  systemMemoryFree: uint64,
  componentCount: uint64,
  workloadCount: uint64,
  imports: listOf(witInterface),
  exports: listOf(witInterface),
  httpPort: fc.nat(0xffff_ffff),
  environment: string,
});

const resources: fc.Arbitrary<WireResources> = fc.record({
  memoryLimitMb: int32,
  cpuLimit: int32,
  config: texts,
  environment: texts,
  volumeMounts: listOf(fc.record({ name: string, mountPath: string, readOnly: fc.boolean() })),
  allowedHosts: strings,
  allowedIpNameLookups: strings,
  allowedHostLoopbackPorts: strings,
});

const image = {
  image: string,
  localResources: orNone(resources),
  imagePullSecret: orNone(fc.record({ username: string, password: string })),
  imagePullPolicy: fc.constantFrom(
    "IMAGE_PULL_POLICY_UNSPECIFIED" as const,
    "IMAGE_PULL_POLICY_ALWAYS" as const,
    "IMAGE_PULL_POLICY_IF_NOT_PRESENT" as const,
    "IMAGE_PULL_POLICY_NEVER" as const,
  ),
};

export const anyStart: fc.Arbitrary<WireStart> = fc.record({
  workload: orNone(
    fc.record({
      namespace: string,
      name: string,
      annotations: texts,
      service: orNone(fc.record({ ...image, maxRestarts: uint64 })),
      witWorld: orNone(
        fc.record({
          components: listOf(
            fc.record({
              ...image,
              poolSize: int32,
              maxInvocations: int32,
              name: string,
              maxConcurrency: int32,
            }),
          ),
          hostInterfaces: listOf(witInterface),
        }),
      ),
      volumes: listOf(
        fc.record({
          name: string,
          hostPath: orNone(fc.record({ localPath: string })),
          emptyDir: orNone(fc.constant({})),
        }),
      ),
    }),
  ),
  workloadId: string,
});

export const anyResponse: fc.Arbitrary<WireResponse> = fc.record({
  workloadStatus: orNone(
    fc.record({
      workloadId: string,
      workloadState: fc.constantFrom(
        "WORKLOAD_STATE_UNSPECIFIED" as const,
        "WORKLOAD_STATE_STARTING" as const,
        "WORKLOAD_STATE_RUNNING" as const,
        "WORKLOAD_STATE_COMPLETED" as const,
        "WORKLOAD_STATE_STOPPING" as const,
        "WORKLOAD_STATE_ERROR" as const,
        "WORKLOAD_STATE_NOT_FOUND" as const,
      ),
      message: string,
    }),
  ),
});
