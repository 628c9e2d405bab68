/** A tab's pipe to the arbiter in another tab, with a line on it for each of the tab's connections. */
import type { BusMessage } from "../core/bus.ts";
import type { ClientEnd, ServerEnd } from "./line.ts";
import { messageSize } from "./message-size.ts";
import { openPipe } from "./solo-pipe.ts";
import type { SoloPorts } from "./solo-ports.ts";
import { createUnanswered } from "./solo-unanswered.ts";
import { type Downward, SOLO_NAMES, type Upward } from "./solo-words.ts";

export interface Link {
  readonly connect: (client: ClientEnd) => ServerEnd;
  /** Asks the arbiter for a sign of life. */
  probe(): void;
  /** The arbiter lives, but is not ready. */
  alive(): void;
  /** `bye`: also tells the arbiter. */
  close(bye?: "bye"): void;
}

export interface LinkParts extends Pick<SoloPorts, "openChannel" | "clock"> {
  readonly epoch: number;
  readonly token: string;
  /** Says again that it wants to be linked. */
  readonly hello: () => void;
  /** The arbiter listens: it is to hear of all subscriptions at once. */
  readonly welcomed: () => void;
  /** Messages may come. */
  readonly begun: () => void;
  readonly silent: () => void;
  readonly cut: (reason: string) => void;
}

export function openLink(parts: LinkParts): Link {
  const { epoch, token, clock } = parts;
  const clients = new Map<number, ClientEnd>();
  const unanswered = createUnanswered(clock);
  let last = 0;
  let begun = false;

  const receive = (op: Downward): void => {
    switch (op.op) {
      case "welcome":
        parts.welcomed();
        return pipe.send({ op: "here" });
      case "begin":
        begun = true;
        return parts.begun();
      case "deliver":
        unanswered.heard(op.message.subject);
        return clients.get(op.to)?.deliver(op.id, op.message);
      case "settled":
        return clients.get(op.to)?.settled(op.id);
      case "cut":
        return parts.cut(op.reason);
    }
  };
  const pipe = openPipe<Upward, Downward>({
    name: SOLO_NAMES.link(epoch, token),
    openChannel: parts.openChannel,
    clock,
    receive,
    silent: parts.silent,
    awaited: () => !begun || unanswered.any(),
    ask() {
      if (!begun) parts.hello();
    },
  });
  pipe.watch();
  parts.hello();
  return {
    probe: () => pipe.ask(),
    alive: () => pipe.alive(),
    connect(client) {
      const of = ++last;
      clients.set(of, client);
      return {
        subscribe: (id, subject, queue) => pipe.send({ op: "subscribe", of, id, subject, queue }),
        unsubscribe: (id) => pipe.send({ op: "unsubscribe", of, id }),
        settle: (id) => pipe.send({ op: "settle", of, id }),
        publish(message: BusMessage) {
          if (message.reply !== undefined) unanswered.asked(message.reply);
          pipe.send({ op: "publish", of, message }, messageSize(message));
        },
        close() {
          clients.delete(of);
          pipe.send({ op: "close", of });
        },
      };
    },
    close(bye) {
      if (bye !== undefined) pipe.send({ op: "bye" });
      pipe.close();
    },
  };
}
