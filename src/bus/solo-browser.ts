/** The channels and locks of a browser, as the lattice of its tabs has them. */
import type { Channel, Held, Locks, OpenChannel } from "./solo-ports.ts";

export const openBroadcastChannel: OpenChannel = (name, receive): Channel => {
  const channel = new BroadcastChannel(name);
  channel.addEventListener("message", ({ data }: MessageEvent<unknown>) => receive(data));
  return { post: (message) => channel.postMessage(message), close: () => channel.close() };
};

export const webLocks: Locks = {
  wait: (name, signal) => hold(name, { signal }),
  steal: (name) => hold(name, { steal: true }),
  async held() {
    const { held = [] } = await navigator.locks.query();
    return held.flatMap(({ name }) => (name === undefined ? [] : [name]));
  },
};

function hold(name: string, options: LockOptions): Promise<Held> {
  return new Promise((resolve, reject) => {
    const released = Promise.withResolvers<void>();
    const lost = Promise.withResolvers<void>();
    const held: Held = { release: () => released.resolve(), lost: lost.promise };
    navigator.locks
      .request(name, options, () => {
        resolve(held);
        return released.promise;
      })
      .catch((thrown: unknown) => {
        reject(thrown); // means nothing once it was held
        lost.resolve();
      });
  });
}
