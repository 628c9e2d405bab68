/** The ceiling: the client library alone in a worker, which sends back what it gets. */
import { type ConnectionOptions, connect } from "nats.ws";

/** As the bus has it, so that large messages are framed alike (src/bus/nats-dial.ts, FRAME_LIMIT_BYTES). */
const PENDING_LIMIT_BYTES = 256 * 1024;

self.addEventListener(
  "message",
  ({ data }: MessageEvent<{ readonly server: string; readonly subject: string }>) => {
    void run(data.server, data.subject); // its failure becomes the worker's error, which the page reports
  },
  { once: true },
);

async function run(server: string, subject: string): Promise<void> {
  const options: ConnectionOptions = { servers: server, name: "bench tab echo" };
  Object.assign(options, { pendingLimit: PENDING_LIMIT_BYTES });
  const nats = await connect(options).catch((error: unknown) => {
    setTimeout(() => {
      throw error;
    });
    return undefined;
  });
  if (nats === undefined) return;
  nats.subscribe(subject, {
    callback: (_, message) => void message.respond(message.data),
  });
  await nats.flush();
  self.postMessage("subscribed");
}
