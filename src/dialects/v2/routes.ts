/** What an operator may tell a host, as a table: subject, command, how it is read, how it is answered. */
import type { BusMessage } from "../../core/bus.ts";
import type { Clock } from "../../core/clock.ts";
import type { RouteEntry, RouteTable } from "../route.ts";
import type { Heartbeat } from "./heartbeat.ts";

import { asked } from "../route.ts";
import { readId, readManifest } from "./manifest.ts";
import { workloadRequest, workloadStartRequest } from "./schema.ts";
import { encodeRefusal, encodeStatus } from "./status.ts";
import { commandSubject, commandSubscription } from "./subjects.ts";

/**
 * An operator waits 60 s for the answer to a start and 30 s for that to a stop, then takes them for lost
 * (`workload_controller.go` @ v2.7.0). What takes longer is answered with how far it is, and goes on.
 */
const START_ANSWER_MS = 45_000;
const STOP_ANSWER_MS = 25_000;

export interface OperatorRouteParts {
  /** As the operator knows this host. */
  readonly id: string;
  readonly clock: Clock;
  readonly heartbeat: Heartbeat;
}

/**
 * Upstream's hosts answer nothing to what they cannot read, so that the operator waits for nothing. Here whoever names a
 * workload is told why.
 */
export function operatorRoutes({ id, clock, heartbeat }: OperatorRouteParts): RouteTable {
  const at = (command: string): string => commandSubject(id, command);
  const workloads: readonly RouteEntry[] = [
    asked({
      subject: at("workload.start"),
      decode: ({ data }) => readManifest(workloadStartRequest.decode(data)),
      async answer(spec, host) {
        const started = host.run("set.start", spec);
        return encodeStatus(
          await within(clock, START_ANSWER_MS, started, {
            id: spec.id,
            phase: "starting",
            message: "Workload is Starting",
          }),
        );
      },
    }),
    asked({
      subject: at("workload.status"),
      decode: ({ data }) => ({ id: readId(workloadRequest.decode(data)) }),
      answer: async (request, host) => encodeStatus(await host.run("set.status", request)),
    }),
    asked({
      subject: at("workload.stop"),
      decode: ({ data }) => ({ id: readId(workloadRequest.decode(data)) }),
      async answer(request, host) {
        const stopped = host.run("set.stop", request);
        return encodeStatus(
          await within(clock, STOP_ANSWER_MS, stopped, {
            ...request,
            phase: "stopping",
            message: "Workload is Stopping",
          }),
        );
      },
    }),
  ];
  const aboutWorkloads = new Set(workloads.map(({ subject }) => subject));
  return {
    subscriptions: [commandSubscription(id)],
    shared: [],
    unknown: "unknown command",
    encodeError(text, message) {
      const about = aboutWorkloads.has(message.subject) ? idIn(message) : undefined;
      return about === undefined ? undefined : encodeRefusal(about, text);
    },
    routes: [
      asked({
        subject: at("heartbeat"),
        decode: () => undefined,
        answer: (_, host) => heartbeat(host),
      }),
      ...workloads,
    ],
  };
}

/** The workload that a message is about, if that much of it can be read. */
function idIn({ data }: BusMessage): string | undefined {
  try {
    return readId(workloadRequest.decode(data));
  } catch {
    return undefined;
  }
}

/** `outcome`, or after `ms` milliseconds `late`; who needs to hear of a later failure asks for the status. */
async function within<T>(clock: Clock, ms: number, outcome: Promise<T>, late: T): Promise<T> {
  let cancel: () => void = () => undefined;
  const over = new Promise<T>((resolve) => (cancel = clock.after(ms, () => resolve(late))));
  try {
    return await Promise.race([outcome, over]);
  } finally {
    cancel();
  }
}
