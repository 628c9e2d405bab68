/** What a set may look like, and how much of it this host takes. Whoever sent it is told what is wrong before anything is loaded. */
import type { MemberBase, WorkloadSetSpec } from "../../core/workload-set.ts";

import { LatticeError } from "../../core/error.ts";
import { checkKept, checkTexts } from "../bounds.ts";

/** Members of one set, the service included. */
const MOST_MEMBERS = 64;
/** As the operator's own limit (`runtime-operator/api/runtime/v1alpha1` at v2.7.0). */
const MOST_INTERFACES = 64;
const MOST_VOLUMES = 64;
/** Mounts and allowed hosts of one member. */
const MOST_RESOURCES = 256;
/** Of one name. */
const MOST_LETTERS = 253;

/** How the service is called where members are called by their names. */
export const SERVICE = "service";

/** @throws {LatticeError} `bad-input` or `unsupported`, naming what is wrong. */
export function checkSet(spec: WorkloadSetSpec): void {
  const { namespace: space, name: own, members, service, volumes, interfaces, annotations } = spec;
  short("its namespace", space);
  short("its name", own);
  checkTexts("annotations", annotations);
  most("members", members.length + (service === undefined ? 0 : 1), MOST_MEMBERS);
  most("host interfaces", interfaces.length, MOST_INTERFACES);
  most("volumes", volumes.length, MOST_VOLUMES);
  if (members.length === 0 && service === undefined) throw refused("it has no components");
  for (const each of interfaces) {
    const { namespace, package: pkg, version = "", name = "", config, interfaces: names } = each;
    for (const text of [namespace, pkg, version, name, ...names.slice(0, MOST_INTERFACES)]) {
      short("a word of a host interface", text);
    }
    if (names.length === 0) throw refused(`host interface ${namespace}:${pkg} names no interfaces`);
    most(`interfaces of ${namespace}:${pkg}`, names.length, MOST_INTERFACES);
    checkTexts(`config of ${namespace}:${pkg}`, config);
  }
  checkVolumes(spec);
  const names = new Set<string>();
  for (const member of members) {
    const { name } = member;
    short("a component's name", name);
    if (name === SERVICE && service !== undefined) {
      throw refused(`component '${name}' has the name that the service goes by`);
    }
    if (names.has(name)) throw refused(`two components are named '${name}'`);
    names.add(name);
    checkMember(`component '${name}'`, member, spec);
  }
  if (service !== undefined) checkMember("the service", service, spec);
}

function checkVolumes({ volumes }: WorkloadSetSpec): void {
  const names = new Set<string>();
  for (const { name, kind } of volumes) {
    short("a volume's name", name);
    if (kind === "host-path") {
      throw new LatticeError(
        "unsupported",
        `volume '${name}' is a host path, which a browser does not have: use emptyDir`,
      );
    }
    if (names.has(name)) throw refused(`two volumes are named '${name}'`);
    names.add(name);
  }
}

function checkMember(what: string, { image, resources }: MemberBase, spec: WorkloadSetSpec): void {
  const { config, environment, mounts, allowedHosts } = resources;
  if (image.reference === "") throw refused(`${what} has no image`);
  checkKept({ image: image.reference, annotations: new Map() });
  checkTexts(`config of ${what}`, config);
  checkTexts(`environment of ${what}`, environment);
  most(`volume mounts of ${what}`, mounts.length, MOST_RESOURCES);
  most(`allowed hosts of ${what}`, allowedHosts.length, MOST_RESOURCES);
  for (const host of allowedHosts) short(`an allowed host of ${what}`, host);
  const paths = new Set<string>();
  for (const [index, { volume, path }] of mounts.entries()) {
    const at = `volumeMounts[${index}] of ${what}`;
    short(`mountPath of ${at}`, path);
    if (!spec.volumes.some(({ name }) => name === volume)) {
      throw refused(`${at} names '${volume}', which is no volume of the workload`);
    }
    if (!/^\/(?:(?!\.{1,2}(?:\/|$))[^/]+(?:\/|$))*$/.test(path)) {
      throw refused(`mountPath of ${at} is '${path}', which is no absolute path`);
    }
    const plain = path.replace(/\/$/, "");
    if (paths.has(plain)) throw refused(`mountPath of ${at} is '${path}', as that of another one`);
    paths.add(plain);
  }
}

/** What is kept, also of a set that failed, has an end. */
function short(what: string, text: string): void {
  if (text.length > MOST_LETTERS) {
    throw refused(`${what} has ${text.length} letters, and ${MOST_LETTERS} at most`);
  }
}

function most(what: string, met: number, limit: number): void {
  if (met > limit) throw refused(`${what}: ${met}, and ${limit} at most`);
}

function refused(why: string): LatticeError {
  return new LatticeError("bad-input", `invalid workload: ${why}`);
}
