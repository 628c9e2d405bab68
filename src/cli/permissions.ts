/**
 * The least that a NATS server has to allow one node, made of the very subjects that the node uses. Pure.
 *
 * A permission to subscribe is a pattern, or a pattern and a queue group: then it cannot be heard but as a member of the group
 * (nats-server `server/auth.go`, "queue permissions"). `allow_responses` is of no use here: wRPC answers on subjects below the
 * one that it was asked to answer on.
 */
import type { HostId, LatticeId } from "../core/ids.ts";

import { imagesStore } from "../core/objects.ts";
import * as v0 from "../dialects/v0/subjects.ts";
import * as v1 from "../dialects/v1/subjects.ts";
import { uuidOf } from "../dialects/v2/identity.ts";
import * as v2 from "../dialects/v2/subjects.ts";

export type Generation = "v0" | "v1" | "v2";

export interface PermissionOptions {
  readonly lattice: LatticeId;
  /** The node's; absent for any: then each user hears the commands for all others, and the answers to them. */
  readonly host: HostId | undefined;
  readonly dialects: readonly Generation[];
  /** Ids that it may serve; absent for any. */
  readonly serves: readonly string[] | undefined;
  /** Ids that it may call; absent for any. */
  readonly calls: readonly string[] | undefined;
  /** Whether it may change links, configuration and claims. */
  readonly writes: boolean;
  /** Whether it may answer for the whole lattice where no native host does. */
  readonly shares: boolean;
  /** Whether it may see who else is in the lattice. */
  readonly observes: boolean;
  /** Whether it may run providers of the ids that it serves, which need leases and messages of their links. */
  readonly providers: boolean;
  /** Whether its components may export resources, of which each place has subjects of its own. */
  readonly resources: boolean;
  /** Whether it may read components that the lattice keeps. */
  readonly images: boolean;
  /** Its name for an operator of v2; absent: the one that is made of the host's id. */
  readonly operatorId: string | undefined;
  /** JetStream domain of what the lattice keeps. */
  readonly domain: string | undefined;
}

export interface Permissions {
  readonly publish: readonly string[];
  /** `subject` or `subject queue`. */
  readonly subscribe: readonly string[];
}

/** Buckets that have to be there before the node comes: a native host makes the first two. */
export function bucketsOf({ lattice, dialects, providers }: PermissionOptions): readonly string[] {
  const keeps = dialects.includes("v0") || dialects.includes("v1");
  return [
    ...(keeps ? [`LATTICEDATA_${lattice}`, `CONFIGDATA_${lattice}`] : []),
    ...(providers ? [`INLAYLEASES_${lattice}`] : []),
  ];
}

export function permissionsOf(options: PermissionOptions): Permissions {
  const parts = [common(options), ...options.dialects.map((each) => GENERATIONS[each](options))];
  const all = (key: keyof Permissions): readonly string[] => [
    ...new Set(parts.flatMap((part) => part[key])),
  ];
  return { publish: all("publish"), subscribe: all("subscribe") };
}

const GENERATIONS: Readonly<Record<Generation, (options: PermissionOptions) => Permissions>> = {
  v0: ofV0,
  v1: ofV1,
  v2: ofV2,
};

function common(options: PermissionOptions): Permissions {
  const { lattice, host, dialects, writes, providers, images } = options;
  const keeps = dialects.includes("v0") || dialects.includes("v1");
  const buckets = keeps ? [`LATTICEDATA_${lattice}`, `CONFIGDATA_${lattice}`] : [];
  const leases = `INLAYLEASES_${lattice}`;
  return {
    publish: [
      "_INBOX.>", // whoever asks, or calls, names an inbox of its own
      ...buckets.flatMap((bucket) => reading(`KV_${bucket}`, `$KV.${bucket}`, options)),
      ...(writes ? buckets.flatMap((bucket) => writing(bucket, options)) : []),
      ...(providers
        ? [...reading(`KV_${leases}`, `$KV.${leases}`, options), ...writing(leases, options)]
        : []),
      ...(images
        ? reading(`OBJ_${imagesStore(lattice)}`, `$O.${imagesStore(lattice)}`, options)
        : []),
    ],
    subscribe: [
      host === undefined ? "_INBOX.>" : `_INBOX.${host}.>`,
      ...buckets.map((bucket) => `$KV.${bucket}.>`),
    ],
  };
}

function ofV1(options: PermissionOptions): Permissions {
  const { lattice, host = "*", serves, calls, shares, observes, providers, resources } = options;
  const control = (tail: string): string => v1.controlSubject(lattice, tail);
  const looks = shares || observes;
  const served = (serves ?? ["*"]).map((id) => `${lattice}.${id}`);
  return {
    publish: [
      v1.eventSubject(lattice, "*"),
      ...(looks ? [control("host.ping"), control("host.get.*")] : []),
      ...(calls ?? ["*"]).map((id) => `${lattice}.${id}.wrpc.0.0.1.>`),
      ...linksOf(options),
    ],
    subscribe: [
      ...v1.controlSubscriptions(asHost(host)).map(control),
      ...(shares
        ? v1.SHARED_SUBSCRIPTIONS.map(
            ({ subject, queue }) => `${control(subject)} ${control(queue)}`,
          )
        : []),
      ...(looks ? [v1.eventSubject(lattice, "*")] : []),
      ...served.map((prefix) => `${prefix}.wrpc.0.0.1.> ${prefix}`),
      ...(resources ? served.map((prefix) => `${prefix}.wrpc.0.0.1.at.>`) : []),
      ...(providers ? (serves ?? []).map((id) => `wasmbus.rpc.${lattice}.${id}.>`) : []),
    ],
  };
}

/** Who puts a link tells the providers at its ends. */
function linksOf({ lattice, writes }: PermissionOptions): readonly string[] {
  return writes ? [`wasmbus.rpc.${lattice}.*.linkdefs.*`] : [];
}

function ofV0(options: PermissionOptions): Permissions {
  const { lattice, host = "*", serves, calls, shares, observes, providers } = options;
  const control = (tail: string): string => v0.controlSubject(lattice, tail);
  const looks = shares || observes;
  const rpc = `wasmbus.rpc.${lattice}`;
  const served = (serves ?? ["*"]).map((id) => `${rpc}.${id}`);
  return {
    publish: [
      ...v0.eventSubjects(lattice, "*"),
      ...(looks ? [control("ping.hosts"), control("get.*.inv")] : []),
      ...(calls ?? ["*"]).flatMap((id) => [`${rpc}.${id}`, `${rpc}.${id}.>`]),
    ],
    subscribe: [
      ...v0.controlSubscriptions(asHost(host)).map(control),
      ...(shares
        ? v0.SHARED_SUBSCRIPTIONS.map(
            ({ subject, queue }) => `${control(subject)} ${control(queue)}`,
          )
        : []),
      ...(looks ? v0.eventSubjects(lattice, "*") : []),
      ...served.map((subject) => `${subject} ${subject}`),
      // Calls as a member of the group that all providers of an id and link name are in; links, health and goodbyes.
      ...(providers
        ? (serves ?? []).flatMap((id) => [`${rpc}.${id}.* rpc`, `${rpc}.${id}.*.>`])
        : []),
    ],
  };
}

/** Messages and stores of workloads are the operator's to choose: what they need is added by hand. */
function ofV2({ lattice, host, operatorId }: PermissionOptions): Permissions {
  const id = operatorId ?? (host === undefined ? "*" : uuidOf(host));
  return {
    publish: [v2.heartbeatSubject(id)],
    subscribe: [
      v2.commandSubscription(id),
      `inlay-http.${lattice}.*.wrpc.0.0.1.> inlay-http.${lattice}.*`,
    ],
  };
}

/**
 * Without consumers, and without making streams: whoever may create either can make the server publish anywhere in the account,
 * and keep what others send. So the buckets are made by somebody else ({@link bucketsOf}).
 */
function reading(
  stream: string,
  subjects: string,
  options: Pick<PermissionOptions, "domain">,
): readonly string[] {
  const api = apiOf(options);
  return [
    `${api}.STREAM.INFO.${stream}`,
    `${api}.DIRECT.GET.${stream}`,
    `${api}.DIRECT.GET.${stream}.${subjects}.>`,
  ];
}

function writing(bucket: string, options: Pick<PermissionOptions, "domain">): readonly string[] {
  // With a domain, writes go by its prefix, which the server maps to the plain subject.
  const prefix = options.domain === undefined ? "" : `${apiOf(options)}.`;
  return [`${prefix}$KV.${bucket}.>`];
}

function apiOf({ domain }: Pick<PermissionOptions, "domain">): string {
  return domain === undefined ? "$JS.API" : `$JS.${domain}.API`;
}

/** `*` stands for any host's id in subjects that are otherwise made for one. */
function asHost(host: string): HostId {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is put into a pattern, not used as an id
  return host as HostId;
}
