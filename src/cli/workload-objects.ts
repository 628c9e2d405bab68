/**
 * The objects that a manifest of wasmCloud v2 consists of, as far as a workload is made of them
 * (`runtime-operator/api/runtime/v1alpha1` of wasmCloud at v2.7.0), and how they are found and read.
 */
import { LatticeError, messageOf } from "../core/error.ts";
import type { WirePullPolicy } from "../dialects/v2/schema.ts";
import {
  anything,
  defaulting,
  dictionary,
  flag,
  list,
  natural,
  optional,
  record,
  type Shape,
  text,
} from "../wire/shape.ts";

export type Values = ReadonlyMap<string, string>;

/** Objects of the file by `Kind/name`. */
export type Objects = ReadonlyMap<string, unknown>;

const MOST_COUNT = 0x7fff_ffff;

export const texts = dictionary(text);
const count = natural(MOST_COUNT);
export const named = record({ name: text });
const reference = optional(list(named));

const sources = {
  config: optional(texts),
  configFrom: reference,
  secretFrom: reference,
};

const resources = record({
  volumeMounts: optional(
    list(record({ name: text, mountPath: text, readOnly: defaulting(flag, false) })),
  ),
  environment: optional(record(sources)),
  config: optional(texts),
  allowedHosts: optional(list(text)),
  allowedIpNameLookups: optional(list(text)),
  allowedHostLoopbackPorts: optional(list(text)),
});

const policies: ReadonlyMap<string, WirePullPolicy> = new Map([
  ["Always", "IMAGE_PULL_POLICY_ALWAYS"],
  ["IfNotPresent", "IMAGE_PULL_POLICY_IF_NOT_PRESENT"],
  ["Never", "IMAGE_PULL_POLICY_NEVER"],
]);

const policy: Shape<WirePullPolicy> = (value, path) => {
  const known = policies.get(text(value, path));
  if (known !== undefined) return known;
  throw new LatticeError(
    "bad-message",
    `"${path}" must be one of ${[...policies.keys()].join(", ")}`,
  );
};

const pulled = {
  image: text,
  imagePullSecret: optional(named),
  imagePullPolicy: optional(policy),
  localResources: optional(resources),
};

/** Of a `Workload`, and of the template of a `WorkloadDeployment`. */
export const spec = record({
  hostSelector: optional(texts),
  hostId: optional(text),
  environment: optional(text),
  components: optional(
    list(
      record({
        ...pulled,
        name: text,
        poolSize: optional(count),
        maxInvocations: optional(count),
        maxConcurrency: optional(count),
      }),
    ),
  ),
  hostInterfaces: optional(
    list(
      record({
        namespace: text,
        package: text,
        interfaces: list(text),
        version: optional(text),
        name: optional(text),
        ...sources,
      }),
    ),
  ),
  service: optional(record({ ...pulled, maxRestarts: optional(count) })),
  volumes: optional(
    list(
      record({
        name: text,
        ephemeral: optional(anything),
        hostPath: optional(record({ path: text })),
      }),
    ),
  ),
  kubernetes: optional(record({ service: optional(named) })),
});

export type Spec = ReturnType<typeof spec>;
export type Resources = ReturnType<typeof resources>;

export function find(objects: Objects, key: string): unknown {
  const found = objects.get(key);
  if (found === undefined) {
    throw bad(`it names ${key}, which is not in the file: add it as a document of its own`);
  }
  return found;
}

export function read<T>(shape: Shape<T>, value: unknown, where: string): T {
  try {
    return shape(value, "");
  } catch (cause) {
    throw bad(`${where}${messageOf(cause)}`, cause);
  }
}

export function bad(message: string, cause?: unknown): LatticeError {
  return new LatticeError("bad-input", message, cause === undefined ? {} : { cause });
}
