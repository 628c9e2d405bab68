/**
 * A workload as an operator sends it, read into the set that the host is to start. What needs no component to be known is
 * checked here as far as it is the wire's; the host checks the rest.
 */
import type {
  HostInterface,
  LocalResources,
  MemberBase,
  MemberSpec,
  ServiceSpec,
  VolumeSpec,
  WorkloadSetSpec,
} from "../../core/workload-set.ts";
import type {
  WireComponent,
  WireInterface,
  WirePullPolicy,
  WireResources,
  WireService,
  WireStart,
  WireVolume,
} from "./schema.ts";

import { readAllowedHosts } from "../../core/allowed-hosts.ts";
import { LatticeError, messageOf } from "../../core/error.ts";
import { isHostname } from "../../core/hostname.ts";
import { checkLoopbackPorts, checkNameLookups } from "./socket-lists.ts";

/** Ids are UIDs of Kubernetes, which have 36. */
const MOST_ID_LETTERS = 128;

/** @throws {LatticeError} `bad-input` that names what is wrong, by its path or as the workload calls it. */
export function readManifest({ workload, workloadId }: WireStart): WorkloadSetSpec {
  const id = readId({ workloadId });
  if (workload === undefined) throw misfit("workload", "be there");
  const { namespace, name, annotations, service, witWorld, volumes } = workload;
  const { components = [], hostInterfaces = [] } = witWorld ?? {};
  return {
    id,
    namespace,
    name,
    annotations,
    members: components.map(readComponent),
    service: service && readService(service),
    interfaces: hostInterfaces.map(readInterface),
    volumes: volumes.map(readVolume),
  };
}

/** @throws {LatticeError} `bad-input` */
export function readId({ workloadId }: { readonly workloadId: string }): string {
  if (workloadId === "") throw misfit("workloadId", "be there");
  if (workloadId.length > MOST_ID_LETTERS) {
    throw misfit("workloadId", `have ${MOST_ID_LETTERS} letters at most`);
  }
  return workloadId;
}

function readComponent(component: WireComponent, index: number): MemberSpec {
  // Operators before 2.0 give no names.
  const name = component.name === "" ? `component-${index}` : component.name;
  return {
    name,
    ...readBase(component, `component '${name}'`),
    poolSize: Math.max(0, component.poolSize),
    maxInvocations: Math.max(0, component.maxInvocations),
    maxConcurrency: Math.max(1, component.maxConcurrency),
  };
}

function readService(service: WireService): ServiceSpec {
  const most = BigInt(Number.MAX_SAFE_INTEGER);
  const { maxRestarts } = service;
  return {
    ...readBase(service, "the service"),
    maxRestarts: Number(maxRestarts < most ? maxRestarts : most),
  };
}

/** As hosts of upstream treat them (`crates/wash-runtime/src/oci.rs` @ v2.7.0). */
const PULL: Readonly<Record<WirePullPolicy, NonNullable<MemberBase["image"]["pull"]>>> = {
  IMAGE_PULL_POLICY_UNSPECIFIED: "if-not-present",
  IMAGE_PULL_POLICY_ALWAYS: "always",
  IMAGE_PULL_POLICY_IF_NOT_PRESENT: "if-not-present",
  IMAGE_PULL_POLICY_NEVER: "never",
};

function readBase(
  { image, imagePullPolicy, imagePullSecret, localResources }: WireComponent | WireService,
  what: string,
): MemberBase {
  return {
    image: {
      reference: image,
      pull: PULL[imagePullPolicy],
      ...(imagePullSecret === undefined ? {} : { credentials: imagePullSecret }),
    },
    resources: readResources(localResources, what),
  };
}

/** What is not there allows nothing. */
function readResources(resources: WireResources | undefined, what: string): LocalResources {
  const {
    config = new Map<string, string>(),
    environment = new Map<string, string>(),
    volumeMounts = [],
    allowedHosts = [],
    allowedIpNameLookups = [],
    allowedHostLoopbackPorts = [],
  } = resources ?? {};
  try {
    readAllowedHosts(allowedHosts);
    checkNameLookups(allowedIpNameLookups);
    checkLoopbackPorts(allowedHostLoopbackPorts);
  } catch (cause) {
    const message = `invalid local_resources for ${what}: ${messageOf(cause)}`;
    throw new LatticeError("bad-input", message);
  }
  return {
    config,
    environment,
    mounts: volumeMounts.map(({ name, mountPath, readOnly }) => ({
      volume: name,
      path: mountPath,
      readOnly,
    })),
    allowedHosts,
  };
}

const SEMVER = /^\d+\.\d+\.\d+(-[\d.a-z-]+)?(\+[\d.a-z-]+)?$/i;

function readInterface(wire: WireInterface, index: number): HostInterface {
  const { namespace, package: pkg, version, interfaces, config, name } = wire;
  const at = `workload.witWorld.hostInterfaces[${index}]`;
  if (namespace === "") throw misfit(`${at}.namespace`, "be there");
  if (pkg === "") throw misfit(`${at}.package`, "be there");
  const host = takesHttp(wire) ? config.get("host") : undefined;
  if (host !== undefined && !isHostname(host)) {
    throw misfit(`${at}.config.host`, "be a host name as RFC 1123 has it: ASCII, without port");
  }
  return {
    namespace,
    package: pkg,
    // What is no version means any, to hosts of upstream too (`washlet/mod.rs` @ v2.7.0).
    version: SEMVER.test(version) ? version : undefined,
    interfaces,
    config,
    name: name === "" ? undefined : name,
  };
}

/** The entry that says by which host names requests come. */
function takesHttp({ namespace, package: pkg, interfaces }: WireInterface): boolean {
  return (
    namespace === "wasi" &&
    pkg === "http" &&
    (interfaces.includes("incoming-handler") || interfaces.includes("handler"))
  );
}

function readVolume({ name, hostPath, emptyDir }: WireVolume, index: number): VolumeSpec {
  const at = `workload.volumes[${index}]`;
  if (name === "") throw misfit(`${at}.name`, "be there");
  if (hostPath !== undefined && emptyDir !== undefined) {
    throw misfit(at, "be hostPath or emptyDir, not both");
  }
  return { name, kind: hostPath === undefined ? "empty" : "host-path" };
}

function misfit(path: string, wanted: string): LatticeError {
  return new LatticeError("bad-input", `"${path}" must ${wanted}`);
}
