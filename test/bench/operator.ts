/** A tab's host as an operator of wasmCloud v2 commands it. */
import type { WorkloadSetStatus } from "../../src/core/workload-set.ts";
import type { NatsClient } from "./nats-client.ts";

type State = `WORKLOAD_STATE_${Uppercase<WorkloadSetStatus["phase"]>}`;

interface Answer {
  readonly workloadStatus: { readonly workloadState: State; readonly message: string };
}

const ANSWER_LIMIT_MS = 60_000;

/** Starts a workload and resolves when it runs. */
export async function startWorkload(
  client: NatsClient,
  hostId: string,
  workloadId: string,
  workload: object,
): Promise<void> {
  const inbox = client.newInbox();
  const answered = new Promise<Answer>((resolve, reject) => {
    const late = setTimeout(() => {
      reject(new Error(`${hostId} did not answer within ${ANSWER_LIMIT_MS} ms`));
    }, ANSWER_LIMIT_MS);
    client.subscribe(inbox, ({ data, nobody }) => {
      clearTimeout(late);
      if (nobody) reject(new Error(`there is no host ${hostId}`));
      else resolve(JSON.parse(data.toString()) as Answer);
    });
  });
  const request = Buffer.from(JSON.stringify({ workloadId, workload }));
  client.publish(`runtime.host.${hostId}.workload.start`, request, inbox);
  const { workloadState, message } = (await answered).workloadStatus;
  if (workloadState !== "WORKLOAD_STATE_RUNNING") throw new Error(`${workloadState}: ${message}`);
}
