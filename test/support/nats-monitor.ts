/** A nats-server that tells of its connections: what it has on its books, not what a client believes to have said. */
import { freePort, type LaunchOptions, launchNats, type NatsServer } from "./launch-nats.ts";

export interface MonitoredNats extends NatsServer {
  /** The connections that are open. */
  connections(): Promise<readonly Connection[]>;
}

/** As `/connz` has it. */
export interface Connection {
  readonly authorized_user?: string;
  /** Messages that the server sent to it. */
  readonly out_msgs: number;
  readonly subscriptions_list?: readonly string[];
}

export async function launchMonitoredNats(options: LaunchOptions = {}): Promise<MonitoredNats> {
  const port = await freePort();
  const config = `${options.config ?? ""}\nhttp: "127.0.0.1:${port}"`;
  const server = await launchNats({ ...options, config });
  const connections = async (): Promise<readonly Connection[]> => {
    const answer = await fetch(`http://127.0.0.1:${port}/connz?auth=1&subs=1`);
    const told = (await answer.json()) as { readonly connections: readonly Connection[] };
    return told.connections;
  };
  return Object.assign(server, { connections });
}
