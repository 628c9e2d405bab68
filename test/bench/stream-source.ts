/**
 * Sends bytes, as raw chunks and as a `stream<u8>` of wRPC, over one connection of the kind that a tab has.
 *
 * `stream-source.ts NATS-WS-URL ID` prints a line when both are served, and runs until it is ended.
 */
import { openWrpcNode } from "../support/wrpc-node.ts";
import { BULK, CHUNK_BYTES, RAW_AHEAD, rawSubject } from "./streams.ts";

const [url = "", id = ""] = process.argv.slice(2);
const node = await openWrpcNode(url);
const { bus } = node;
const chunk = new Uint8Array(CHUNK_BYTES);

function* chunks(size: number): Iterable<Uint8Array> {
  for (let at = 0; at < size; at += chunk.length) yield chunk.subarray(0, size - at);
}

/** As fast as the connection takes them: with a flush for each few, of which one may be under way. */
async function sendRaw(to: string, size: number): Promise<void> {
  let flushed = Promise.resolve();
  let count = 0;
  for (const each of chunks(size)) {
    bus.publish(to, each);
    if (++count % RAW_AHEAD !== 0) continue;
    const before = flushed;
    flushed = bus.flush(AbortSignal.timeout(20_000));
    await before;
  }
  await flushed;
  bus.publish(to, new Uint8Array(0));
}

bus.subscribe(rawSubject(id), ({ reply, data }) => {
  if (reply !== undefined) void sendRaw(reply, Number(new TextDecoder().decode(data)));
});
await node.serve(
  id,
  BULK.world,
  {
    [BULK.func]: (size: number) => {
      const left = chunks(size)[Symbol.iterator]();
      const stream = new ReadableStream<Uint8Array>(
        {
          pull(controller) {
            const { done, value } = left.next();
            if (done === true) controller.close();
            else controller.enqueue(value);
          },
        },
        { highWaterMark: 0 },
      );
      return [stream];
    },
  },
  { deadlineMs: 60_000 },
);
await bus.flush(AbortSignal.timeout(20_000));
process.stdout.write("serving\n");
