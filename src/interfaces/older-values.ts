/** What an instance of a component of wasmCloud 0.82 holds of a store: whole values, and errors, which are resources there. */

export class OlderError {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Bytes that are written bit by bit, and read at once. */
export class OlderValue {
  readonly #weigh: (bytes: number) => void;
  #parts: Uint8Array[] = [];
  #length = 0;

  /** `weigh` is told how much is held, and throws when that is too much. */
  constructor(weigh: (bytes: number) => void) {
    this.#weigh = weigh;
  }

  get length(): number {
    return this.#length;
  }

  append(bytes: Uint8Array): void {
    this.#weigh(bytes.length);
    this.#length += bytes.length;
    this.#parts.push(bytes);
  }

  /** What is written so far. */
  peek(): Uint8Array {
    const all = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    this.#parts = [all];
    return all;
  }

  /** All of it, which is not held any longer. */
  whole(): Uint8Array {
    const all = this.peek();
    this.#weigh(-all.length);
    return all;
  }

  stream(): ReadableStream<Uint8Array> {
    const all = this.whole();
    return new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          if (all.length > 0) controller.enqueue(all);
          controller.close();
        },
      },
      { highWaterMark: 0 },
    );
  }

  /** What is written there is appended. */
  sink(): WritableStream<Uint8Array> {
    return new WritableStream<Uint8Array>({ write: (bytes) => this.append(bytes) });
  }
}
