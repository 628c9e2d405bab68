/** A receiver that keeps messages and lets a test wait for them. */
import type { BusMessage } from "../../src/core/bus.ts";

export interface Collector {
  (message: BusMessage): void;
  readonly heard: readonly BusMessage[];
  /** First bytes of what was heard, in order. */
  bytes(): readonly (number | undefined)[];
  /** Resolves when `count` messages were heard. */
  count(count: number): Promise<readonly BusMessage[]>;
}

export function collect(): Collector {
  const heard: BusMessage[] = [];
  const waiting = new Set<() => void>();
  const receive = (message: BusMessage): void => {
    heard.push(message);
    for (const look of waiting) look();
  };
  return Object.assign(receive, {
    heard,
    bytes: () => heard.map(({ data }) => data[0]),
    count: (count: number) =>
      new Promise<readonly BusMessage[]>((resolve) => {
        const look = (): void => {
          if (heard.length < count) return;
          waiting.delete(look);
          resolve(heard);
        };
        waiting.add(look);
        look();
      }),
  });
}
