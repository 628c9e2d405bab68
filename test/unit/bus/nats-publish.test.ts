import type { MsgHdrs, NatsConnection, PublishOptions } from "nats.ws";
import { expect, test } from "vitest";

import { publishInBatches } from "../../../src/bus/nats-publish.ts";

/** The inside of the library, as far as publishing goes: commands are written down, in text. */
function library() {
  const commands: string[] = [];
  const state = { closed: false };
  /** What the library holds back until the end of the turn, or a flush. */
  let held = "";
  const protocol = {
    outbound: { size: () => held.length },
    flushPending(): void {
      if (held !== "") commands.push(held);
      held = "";
    },
    sendCommand(command: string | Uint8Array, ...payloads: Uint8Array[]): void {
      const parts = [command, ...payloads].map((part) =>
        typeof part === "string" ? part : Buffer.from(part).toString("latin1"),
      );
      if (held === "") queueMicrotask(() => protocol.flushPending());
      held += parts.join("");
    },
    flush(pong = Promise.resolve()): Promise<void> {
      held += "PING\r\n";
      protocol.flushPending();
      return pong;
    },
  };
  const connection = {
    protocol,
    isClosed: () => state.closed,
    isDraining: () => false,
    publish(subject: string, data: Uint8Array, { reply = "" }: PublishOptions = {}): void {
      if (state.closed) throw new Error("CONNECTION_CLOSED");
      protocol.sendCommand(`PUB ${subject} ${reply}${data.length}\r\n`, data, Buffer.from("\r\n"));
    },
  };
  const nats = connection as unknown as NatsConnection;
  const socket = {
    sendCopy: (data: Uint8Array) => void commands.push(Buffer.from(data).toString("latin1")),
  };
  publishInBatches(nats, socket);
  return { commands, nats, protocol, state };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const headers = (text: string): MsgHdrs => ({ encode: () => bytes(text) }) as unknown as MsgHdrs;
const endOfTurn = (): Promise<void> => Promise.resolve();

test("what is published in one turn leaves as one command", async () => {
  const { commands, nats } = library();

  nats.publish("a.b", bytes(""), { reply: "inbox" });
  nats.publish("a.ü", bytes("hello"));
  nats.publish("c", bytes("x"), { reply: "r", headers: headers("NATS/1.0\r\n\r\n") });
  nats.publish("d", bytes(""));
  expect(commands).toEqual([]);
  await endOfTurn();

  const utf8 = Buffer.from("ü").toString("latin1");
  expect(commands).toEqual([
    `PUB a.b inbox 0\r\n\r\nPUB a.${utf8} 5\r\nhello\r\nHPUB c r 12 13\r\nNATS/1.0\r\n\r\nx\r\nPUB d 0\r\n\r\n`,
  ]);
});

test("the library's own commands keep their place, and large messages theirs", async () => {
  const { commands, nats, protocol } = library();

  nats.publish("before", bytes("1"));
  protocol.sendCommand("SUB inbox 1\r\n");
  nats.publish("between", bytes("2"));
  nats.publish("large", new Uint8Array(100_000));
  nats.publish("larger", new Uint8Array(200_000));
  nats.publish("after", bytes("3"));
  await protocol.flush();

  expect(commands.join("").match(/(PUB|SUB|PING) ?\S*/g)).toEqual([
    "PUB before",
    "SUB inbox",
    "PUB between",
    "PUB large",
    "PUB larger",
    "PUB after",
    "PING",
  ]);
});

test("more than the buffer holds leaves in between, whole", async () => {
  const { commands, nats } = library();
  const subjects = Array.from({ length: 200 }, (_, n) => `${"s".repeat(900)}.${n}`);

  for (const subject of subjects) nats.publish(subject, bytes("0123456789"));
  await endOfTurn();

  expect(commands.length).toBeGreaterThan(1);
  expect(commands.join("")).toBe(
    subjects.map((subject) => `PUB ${subject} 10\r\n0123456789\r\n`).join(""),
  );
});

test("the bytes may change once they are published", async () => {
  const { commands, nats } = library();
  const data = bytes("first");

  nats.publish("a", data);
  data.fill(0);
  await endOfTurn();

  expect(commands).toEqual(["PUB a 5\r\nfirst\r\n"]);
});

test("on a connection that is closed the library throws what it always did", () => {
  const { nats, state } = library();
  state.closed = true;

  expect(() => nats.publish("a", bytes("1"))).toThrow("CONNECTION_CLOSED");
});

test("a library with another inside is left alone", () => {
  const connection = { publish: (): void => undefined };
  const before = { ...connection };

  publishInBatches(connection as unknown as NatsConnection, { sendCopy: () => undefined });

  expect(connection).toEqual(before);
});
