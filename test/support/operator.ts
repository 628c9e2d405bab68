/**
 * An operator of wasmCloud v2, scripted: it does to hosts what `runtime-operator/internal/controller/runtime` @ v2.7.0 does,
 * without Kubernetes. Its passes come when a test asks for them, at a time that the test says.
 *
 * It is as strict as the original: what has a field too many, a `null`, or a name or label that Kubernetes refuses is not taken,
 * and told in {@link Operator.refused}.
 */
import type { Bus } from "../../src/core/bus.ts";
import type { Draft, Message } from "../../src/wire/protojson.ts";

import { messageOf } from "../../src/core/error.ts";
import {
  hostHeartbeat,
  type WireHeartbeat,
  type WireStatus,
  type WireWorkload,
  workloadRequest,
  workloadResponse,
  workloadStartRequest,
} from "../../src/dialects/v2/schema.ts";

/** `HeartbeatTTL`: a host that has not been heard for so long, and does not answer, is given up. */
const HOST_TTL_MS = 60_000;
/** A replica whose status is not well for so long is deleted, and another one made. */
const SYNC_GRACE_MS = 60_000;
const POLL_MS = 5000;
const START_MS = 60_000;
const STATUS_MS = 5000;
const STOP_MS = 30_000;

/** An object `Host`. */
export interface HostObject {
  readonly name: string;
  heartbeat: WireHeartbeat;
  lastSeen: number;
  /** It has answered a poll. */
  reporting: boolean;
  /** It has answered the next one, too, and the last one. */
  ready: boolean;
}

/** One `WorkloadReplicaSet` of one replica. */
export interface Deployment {
  readonly selector: Readonly<Record<string, string>>;
  readonly environment?: string;
  readonly workload: Draft<WireWorkload>;
}

/** An object `Workload`: the present replica of a deployment. */
export interface Replica {
  readonly uid: string;
  readonly hostId: string;
  /** A start was answered, whatever the answer. */
  placed: boolean;
  /** Its state, as last told. */
  status: Partial<WireStatus>;
  unwellSince: number | undefined;
}

export interface Operator extends AsyncDisposable {
  /** By name. */
  readonly hosts: ReadonlyMap<string, HostObject>;
  /** By the deployment's name; absent until there is a host for it. */
  readonly replicas: ReadonlyMap<string, Replica>;
  /** Why messages were not taken. */
  readonly refused: readonly string[];
  deploy(name: string, deployment: Deployment): void;
  /** Polls hosts, then places, looks after and replaces replicas, once. */
  reconcile(): Promise<void>;
  start(hostId: string, workloadId: string, workload: Draft<WireWorkload>): Promise<WireStatus>;
  status(hostId: string, workloadId: string): Promise<WireStatus>;
  stop(hostId: string, workloadId: string): Promise<WireStatus>;
}

export interface OperatorOptions {
  readonly now: () => number;
  /** Chooses one of several hosts; the original shuffles. Default the first by name. */
  readonly choose?: (hosts: readonly HostObject[]) => HostObject | undefined;
  /** How long a poll or a status may take; default 5 s. */
  readonly answerMs?: number;
}

/** Listens to heartbeats when it resolves. */
export async function openOperator(bus: Bus, options: OperatorOptions): Promise<Operator> {
  const { now, choose = ([first]) => first, answerMs } = options;
  const hosts = new Map<string, HostObject>();
  const deployments = new Map<string, Deployment>();
  const replicas = new Map<string, Replica>();
  const refused: string[] = [];
  const ended = new AbortController();

  const ask = async <T>(
    subject: string,
    body: Uint8Array,
    answer: Message<T>,
    limitMs: number,
  ): Promise<T> => {
    const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(limitMs)]);
    const { data } = await bus.request(subject, body, { signal });
    return strictly(answer, data);
  };
  const told = async (
    hostId: string,
    command: string,
    body: Uint8Array,
    limitMs: number,
  ): Promise<WireStatus> => {
    const subject = `runtime.host.${hostId}.workload.${command}`;
    const { workloadStatus } = await ask(subject, body, workloadResponse, limitMs);
    if (workloadStatus === undefined) throw new Error(`an answer to ${command} without a status`);
    return workloadStatus;
  };
  const named = (workloadId: string): Uint8Array => workloadRequest.encode({ workloadId });
  const start: Operator["start"] = (hostId, workloadId, workload) =>
    told(hostId, "start", workloadStartRequest.encode({ workloadId, workload }), START_MS);
  const status: Operator["status"] = (hostId, workloadId) =>
    told(hostId, "status", named(workloadId), answerMs ?? STATUS_MS);
  const stop: Operator["stop"] = (hostId, workloadId) =>
    told(hostId, "stop", named(workloadId), STOP_MS);

  /** Whoever tells is there, under its name: made anew, or changed. */
  const apply = (heartbeat: WireHeartbeat): void => {
    const { friendlyName: name } = heartbeat;
    const host = hosts.get(name);
    if (host === undefined) {
      hosts.set(name, { name, heartbeat, lastSeen: now(), reporting: false, ready: false });
    } else {
      host.heartbeat = heartbeat;
      host.lastSeen = now();
    }
  };
  bus.subscribe(
    "runtime.operator.heartbeat.>",
    ({ data }) => {
      try {
        apply(checked(strictly(hostHeartbeat, data)));
      } catch (cause) {
        refused.push(messageOf(cause));
      }
    },
    { signal: ended.signal },
  );

  const pollHost = async (host: HostObject): Promise<void> => {
    const subject = `runtime.host.${host.heartbeat.id}.heartbeat`;
    try {
      const body = new TextEncoder().encode("{}");
      host.heartbeat = await ask(subject, body, hostHeartbeat, answerMs ?? POLL_MS);
      host.lastSeen = now();
      host.ready = host.reporting;
      host.reporting = true;
    } catch {
      host.reporting = false;
      host.ready = false;
      if (now() - host.lastSeen >= HOST_TTL_MS) await removeHost(host);
    }
  };
  const removeHost = async (host: HostObject): Promise<void> => {
    hosts.delete(host.name);
    const lost = [...replicas].filter(([, { hostId }]) => hostId === host.heartbeat.id);
    await Promise.all(lost.map(([name, replica]) => remove(name, replica)));
  };
  /** Its errors are the operator's to ignore. */
  const remove = async (name: string, { uid, hostId, placed }: Replica): Promise<void> => {
    replicas.delete(name);
    if (placed) await stop(hostId, uid).catch(() => undefined);
  };

  const reconcileReplica = async (name: string, deployment: Deployment): Promise<void> => {
    const replica = replicas.get(name) ?? schedule(name, deployment);
    if (replica === undefined) return;
    try {
      if (!replica.placed) {
        const { workload } = deployment;
        const { workloadId } = await start(replica.hostId, replica.uid, {
          ...workload,
          name: `${name}-${replica.uid.slice(0, 8)}`,
        });
        if (workloadId !== replica.uid) throw new Error(`an answer for ${workloadId}`);
        replica.placed = true;
      }
      replica.status = await status(replica.hostId, replica.uid);
    } catch (cause) {
      replica.status = { message: messageOf(cause) };
    }
    const { workloadState: state } = replica.status;
    if (state === "WORKLOAD_STATE_RUNNING" || state === "WORKLOAD_STATE_COMPLETED") {
      replica.unwellSince = undefined;
      return;
    }
    replica.unwellSince ??= now();
    if (now() - replica.unwellSince >= SYNC_GRACE_MS) await remove(name, replica);
  };
  const schedule = (name: string, deployment: Deployment): Replica | undefined => {
    const { selector, environment } = deployment;
    const fit = [...hosts.values()].filter(
      ({ ready, heartbeat }) =>
        ready &&
        (environment === undefined || heartbeat.environment === environment) &&
        Object.entries(selector).every(([key, value]) => heartbeat.labels.get(key) === value),
    );
    const host = choose(fit.toSorted((a, b) => (a.name < b.name ? -1 : 1)));
    if (host === undefined) return undefined;
    const replica = {
      uid: crypto.randomUUID(),
      hostId: host.heartbeat.id,
      placed: false,
      status: {},
      unwellSince: undefined,
    };
    replicas.set(name, replica);
    return replica;
  };

  await bus.flush(AbortSignal.timeout(10_000));
  return {
    hosts,
    replicas,
    refused,
    start,
    status,
    stop,
    deploy: (name, deployment) => void deployments.set(name, deployment),
    async reconcile() {
      await Promise.all([...hosts.values()].map(pollHost));
      await Promise.all([...deployments].map((each) => reconcileReplica(...each)));
    },
    async [Symbol.asyncDispose]() {
      ended.abort();
      await bus[Symbol.asyncDispose]();
    },
  };
}

/** As Go's `protojson` reads: nothing unknown, and, as whoever encodes minimally writes, nothing that says nothing. */
function strictly<T>(message: Message<T>, data: Uint8Array): T {
  const value = message.decode(data);
  // What was read is all that there is to write again.
  const again = sorted(JSON.parse(new TextDecoder().decode(message.encode(value as Draft<T>))));
  const given = sorted(JSON.parse(new TextDecoder().decode(data)));
  if (again !== given) throw new Error(`not in its least form: ${given}`);
  return value;
}

function sorted(json: unknown): string {
  return JSON.stringify(json, (_, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

const SUBDOMAIN = /^[a-z\d]([-a-z\d]*[a-z\d])?(\.[a-z\d]([-a-z\d]*[a-z\d])?)*$/;
const LABEL = /^([a-z\d]([-_.a-z\d]{0,61}[a-z\d])?)?$/i;
const TOKEN = /^[^\s.*>]+$/;

/** What the API server would say to the object. */
function checked(heartbeat: WireHeartbeat): WireHeartbeat {
  const { id, friendlyName, labels } = heartbeat;
  if (!SUBDOMAIN.test(friendlyName) || friendlyName.length > 253) {
    throw new Error(`no name for an object: ${friendlyName}`);
  }
  if (!TOKEN.test(id)) throw new Error(`no id of a host: ${id}`);
  for (const [key, value] of labels) {
    const name = key.slice(key.indexOf("/") + 1);
    if (name === "" || !LABEL.test(name) || !LABEL.test(value)) {
      throw new Error(`no label: ${key}=${value}`);
    }
  }
  return heartbeat;
}
