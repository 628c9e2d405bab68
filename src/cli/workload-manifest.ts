/**
 * Manifests of workloads for wasmCloud v2, as people without Kubernetes have them in a file: what an operator would make
 * of them (`runtime-operator/api/runtime/v1alpha1` and `runtime-operator/internal/controller/runtime` of wasmCloud at
 * v2.7.0), or a request as it goes over the wire.
 *
 * A file may hold, beside the one `WorkloadDeployment` or `Workload`, the `ConfigMap`s, `Secret`s and `Artifact`s that it
 * names; an operator would find those in its cluster.
 */
import { createHash } from "node:crypto";
import { parseAllDocuments } from "yaml";

import { messageOf } from "../core/error.ts";
import {
  type WireComponent,
  type WireInterface,
  type WireResources,
  type WireService,
  type WireWorkload,
  workloadStartRequest,
} from "../dialects/v2/schema.ts";
import type { Draft } from "../wire/protojson.ts";
import { list, natural, optional, record, text } from "../wire/shape.ts";
import {
  bad,
  named,
  type Objects,
  read,
  type Resources,
  spec,
  type Spec,
  texts,
  type Values,
} from "./workload-objects.ts";
import { imageOf, loginOf, valuesOf } from "./workload-values.ts";

/** What is to run somewhere, once. */
export interface Placement {
  readonly id: string;
  readonly workload: Draft<WireWorkload>;
}

export interface Manifest {
  readonly placements: readonly Placement[];
  /** Labels that a host must have. */
  readonly hostSelector: ReadonlyMap<string, string>;
  /** The one host that is meant. */
  readonly hostId: string | undefined;
  /** What the host must say that it belongs to. */
  readonly environment: string | undefined;
}

const MOST_REPLICAS = 100;

const typed = record({ kind: text, metadata: record({ name: text }) });

const metadata = record({
  name: text,
  namespace: optional(text),
  annotations: optional(texts),
});

const workloadObject = record({ metadata, spec });

const deploymentObject = record({
  metadata,
  spec: record({
    replicas: optional(natural(MOST_REPLICAS)),
    artifacts: optional(list(record({ name: text, artifactFrom: named }))),
    kubernetes: optional(record({ service: optional(named) })),
    template: record({
      metadata: optional(record({ annotations: optional(texts) })),
      spec,
    }),
  }),
});
/**
 * `source` in YAML or JSON.
 *
 * @throws {LatticeError} `bad-input` that says what was met and where.
 */
export function readManifest(source: string): Manifest {
  const documents = parse(source);
  const [only] = documents;
  if (documents.length === 1 && only !== undefined && !isObject(only)) return readRequest(only);
  const objects = new Map(
    documents.map((each) => {
      const { kind, metadata } = read(typed, each, "");
      return [`${kind}/${metadata.name}`, each];
    }),
  );
  const found = [...objects].filter(([key]) => /^(WorkloadDeployment|Workload)\//.test(key));
  const [main] = found;
  if (main === undefined || found.length > 1) {
    const met = [...objects.keys()].join(", ");
    throw bad(`one WorkloadDeployment or Workload is wanted in the file, and it has ${met}`);
  }
  const [key, value] = main;
  return key.startsWith("Workload/")
    ? readWorkload(value, objects)
    : readDeployment(value, objects);
}

function parse(source: string): readonly unknown[] {
  const documents = parseAllDocuments(source, { uniqueKeys: true });
  const values = Array.from(documents, (document) => {
    const [error] = document.errors;
    if (error !== undefined) throw bad(`it is neither YAML nor JSON: ${error.message}`);
    return document.toJS({ maxAliasCount: 100 }) as unknown;
  });
  const present = values.filter((value) => value !== null && value !== undefined);
  if (present.length === 0) throw bad("it is empty");
  return present;
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && "kind" in value;
}

/** A `WorkloadStartRequest`, or the `Workload` in it alone. */
function readRequest(value: unknown): Manifest {
  const whole =
    typeof value === "object" && value !== null && "workload" in value
      ? value
      : { workload: value };
  try {
    const bytes = new TextEncoder().encode(JSON.stringify(whole));
    const { workload, workloadId } = workloadStartRequest.decode(bytes);
    if (workload === undefined || workload.name === "") throw bad("the workload has no name");
    const { namespace, name } = workload;
    const id = workloadId === "" ? idOf(namespace, name) : workloadId;
    return { ...ANYWHERE, placements: [{ id, workload }] };
  } catch (cause) {
    throw bad(`it is no request to start a workload: ${messageOf(cause)}`, cause);
  }
}

const ANYWHERE = {
  hostSelector: new Map<string, string>(),
  hostId: undefined,
  environment: undefined,
};

/** The same for the same workload, so that a later command finds it. */
function idOf(namespace: string, name: string, replica = 0): string {
  const hash = createHash("sha256")
    .update(JSON.stringify([namespace, name, replica]))
    .digest("hex");
  const [a, b, c, d, e] = [0, 8, 12, 16, 20].map((at, index) =>
    hash.slice(at, [8, 12, 16, 20, 32][index]),
  );
  return `${a}-${b}-8${c?.slice(1)}-8${d?.slice(1)}-${e}`;
}
function readWorkload(value: unknown, objects: Objects): Manifest {
  const { metadata: own, spec: wanted } = read(workloadObject, value, "Workload: ");
  const { name, namespace = "default", annotations } = own;
  const made = workloadOf(
    { name, namespace, annotations },
    wanted,
    { objects, artifacts: new Map() },
    wanted.kubernetes?.service?.name,
  );
  return { ...placeOf(wanted), placements: [{ id: idOf(namespace, name), workload: made }] };
}

function readDeployment(value: unknown, objects: Objects): Manifest {
  const { metadata: own, spec: wanted } = read(deploymentObject, value, "WorkloadDeployment: ");
  const { name, namespace = "default" } = own;
  const { template, replicas = 1 } = wanted;
  const artifacts = new Map(
    (wanted.artifacts ?? []).map((each) => [each.name, each.artifactFrom.name]),
  );
  const service = (wanted.kubernetes ?? template.spec.kubernetes)?.service?.name;
  const placements = Array.from({ length: replicas }, (_, replica) => ({
    id: idOf(namespace, name, replica),
    workload: workloadOf(
      {
        // Replicas have names of their own, as an operator gives them.
        name: replicas === 1 ? name : `${name}-${replica}`,
        namespace,
        annotations: template.metadata?.annotations,
      },
      template.spec,
      { objects, artifacts },
      service,
    ),
  }));
  return { ...placeOf(template.spec), placements };
}

function placeOf({ hostSelector, hostId, environment }: Spec): Omit<Manifest, "placements"> {
  return { hostSelector: hostSelector ?? new Map(), hostId, environment };
}
interface Surroundings {
  readonly objects: Objects;
  /** Names of `Artifact`s by the names that images use. */
  readonly artifacts: ReadonlyMap<string, string>;
}

function workloadOf(
  {
    name,
    namespace,
    annotations,
  }: {
    readonly name: string;
    readonly namespace: string;
    readonly annotations: Values | undefined;
  },
  wanted: Spec,
  surroundings: Surroundings,
  service: string | undefined,
): Draft<WireWorkload> {
  const { objects } = surroundings;
  const components = (wanted.components ?? []).map((each): Draft<WireComponent> => ({
    name: each.name,
    ...pulledOf(each, surroundings),
    poolSize: each.poolSize,
    maxInvocations: each.maxInvocations,
    maxConcurrency: each.maxConcurrency,
  }));
  const hostInterfaces = (wanted.hostInterfaces ?? []).map((each): Draft<WireInterface> => {
    const config = new Map(valuesOf(each, objects));
    const incoming = each.namespace === "wasi" && each.package === "http";
    if (service !== undefined && incoming && each.interfaces.includes("incoming-handler")) {
      config.set("host-aliases", `${service}.${namespace},${service}.${namespace}.svc`);
    }
    const { namespace: of, package: pkg, interfaces, version, name: label } = each;
    return { namespace: of, package: pkg, interfaces, version, name: label, config };
  });
  return {
    namespace,
    name,
    annotations,
    witWorld: { components, hostInterfaces },
    service: wanted.service === undefined ? undefined : serviceOf(wanted.service, surroundings),
    volumes: (wanted.volumes ?? []).map(({ name: volume, hostPath }) =>
      hostPath === undefined
        ? { name: volume, emptyDir: {} }
        : { name: volume, hostPath: { localPath: hostPath.path } },
    ),
  };
}

function serviceOf(
  wanted: NonNullable<Spec["service"]>,
  surroundings: Surroundings,
): Draft<WireService> {
  const { maxRestarts } = wanted;
  return {
    ...pulledOf(wanted, surroundings),
    maxRestarts: maxRestarts === undefined ? undefined : BigInt(maxRestarts),
  };
}

function pulledOf(
  {
    image,
    imagePullSecret,
    imagePullPolicy,
    localResources,
  }: Pick<
    NonNullable<Spec["service"]>,
    "image" | "imagePullSecret" | "imagePullPolicy" | "localResources"
  >,
  { objects, artifacts }: Surroundings,
): Pick<Draft<WireComponent>, "image" | "imagePullSecret" | "imagePullPolicy" | "localResources"> {
  const resolved = imageOf(image, objects, artifacts);
  return {
    image: resolved,
    imagePullPolicy,
    imagePullSecret:
      imagePullSecret === undefined ? undefined : loginOf(imagePullSecret.name, resolved, objects),
    localResources: resourcesOf(localResources, objects),
  };
}

function resourcesOf(wanted: Resources | undefined, objects: Objects): Draft<WireResources> {
  if (wanted === undefined) return {};
  const { environment, volumeMounts, ...others } = wanted;
  return {
    ...others,
    volumeMounts,
    environment: environment === undefined ? undefined : valuesOf(environment, objects),
  };
}
