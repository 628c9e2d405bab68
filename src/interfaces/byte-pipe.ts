/** Bytes from a writer to a reader, who need not begin at the same time. A `TransformStream` would hold the first write up. */

export interface BytePipe {
  readonly writable: WritableStream<Uint8Array>;
  readonly readable: ReadableStream<Uint8Array>;
}

/** Writing waits while more than `maxAhead` bytes are written and not read. */
export function createBytePipe(maxAhead: number): BytePipe {
  const queue: Uint8Array[] = [];
  let ahead = 0;
  let closed = false;
  let wakeReader: () => void = () => undefined;
  let wakeWriter: () => void = () => undefined;
  let source: ReadableStreamDefaultController<Uint8Array> | undefined;
  let sink: WritableStreamDefaultController | undefined;

  const readable = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        source = controller;
      },
      async pull(controller) {
        if (queue.length === 0 && !closed) await new Promise<void>((wake) => (wakeReader = wake));
        const chunk = queue.shift();
        if (chunk === undefined) return closed ? controller.close() : undefined;
        ahead -= chunk.length;
        if (ahead <= maxAhead) wakeWriter();
        controller.enqueue(chunk);
      },
      cancel(reason) {
        queue.length = 0;
        sink?.error(reason);
        wakeWriter();
      },
    },
    { highWaterMark: 0 },
  );
  const writable = new WritableStream<Uint8Array>({
    start(controller) {
      sink = controller;
    },
    async write(chunk) {
      if (chunk.length === 0) return;
      queue.push(chunk);
      ahead += chunk.length;
      wakeReader();
      if (ahead > maxAhead) await new Promise<void>((wake) => (wakeWriter = wake));
    },
    close() {
      closed = true;
      wakeReader();
    },
    abort(reason) {
      queue.length = 0;
      source?.error(reason);
      wakeReader();
    },
  });
  return { writable, readable };
}
