/** What every {@link Bus} does. Run for the memory lattice in Node and for NATS against a server. */
import { describe, expect, test } from "vitest";
import type { Bus, BusMessage } from "../../src/core/bus.ts";
import { LatticeError } from "../../src/core/error.ts";
import type { Log } from "../../src/core/log.ts";
import { collect } from "../support/collector.ts";
import { recordLog } from "../support/log-recorder.ts";

/** Connects one more member of a lattice that the tests of a suite share. Its inboxes begin with {@link PREFIX}. */
export type Connect = (log?: Log) => Promise<Bus>;

export const PREFIX = "_INBOX.contract";

const bytes = (...values: number[]): Uint8Array => Uint8Array.of(...values);
const soon = (): AbortSignal => AbortSignal.timeout(30_000);
let subjects = 0;
const fresh = (): string => `contract.s${++subjects}`;

export function busContract(name: string, connect: Connect): void {
  describe(`${name}: publishing`, () => {
    test("each plain subscriber gets its own copy, with reply and headers", async () => {
      await using bus = await connect();
      await using peer = await connect();
      const subject = fresh();
      const [here, there] = [collect(), collect()];
      bus.subscribe(subject, here);
      peer.subscribe(subject, there);
      await peer.flush(soon());

      bus.publish(subject, bytes(1, 2), {
        reply: "answers",
        headers: new Map([["trace", "a: b"]]),
      });
      const [[one], [other]] = [await here.count(1), await there.count(1)];

      const expected = { subject, data: bytes(1, 2), reply: "answers" };
      expect(plain(one)).toEqual({ ...expected, headers: [["trace", "a: b"]] });
      expect(plain(other)).toEqual({ ...expected, headers: [["trace", "a: b"]] });
    });

    test("a message without reply and headers has neither", async () => {
      await using bus = await connect();
      const subject = fresh();
      const heard = collect();
      bus.subscribe(subject, heard);

      bus.publish(subject, bytes());
      const [message] = await heard.count(1);

      expect(Object.keys(message ?? {}).toSorted()).toEqual(["data", "subject"]);
      expect(message?.data).toHaveLength(0);
    });

    test("`*` takes one token and `>` all that follow", async () => {
      await using bus = await connect();
      const root = fresh();
      const [star, tail] = [collect(), collect()];
      bus.subscribe(`${root}.*.end`, star);
      bus.subscribe(`${root}.>`, tail);

      const sent = ["a.end", "a.b.end", "b.end", "b", "c.d"].map((rest) => `${root}.${rest}`);
      for (const subject of [...sent, root]) bus.publish(subject, bytes());
      await bus.flush(soon());

      expect(star.heard.map(({ subject }) => subject)).toEqual([`${root}.a.end`, `${root}.b.end`]);
      expect(tail.heard.map(({ subject }) => subject)).toEqual(sent);
    });

    test("one publisher's messages stay in order, across subjects too", async () => {
      await using bus = await connect();
      await using peer = await connect();
      const root = fresh();
      const heard = collect();
      bus.subscribe(`${root}.*`, heard);
      await bus.flush(soon());

      for (let i = 0; i < 200; i++) peer.publish(`${root}.${i % 3}`, bytes(i));
      await heard.count(200);

      expect(heard.bytes()).toEqual(Array.from({ length: 200 }, (_, i) => i));
    });

    test("one member of a queue group gets each message, and each member gets some", async () => {
      await using bus = await connect();
      await using peer = await connect();
      const subject = fresh();
      const members = [collect(), collect()] as const;
      bus.subscribe(subject, members[0], { queue: "group" });
      peer.subscribe(subject, members[1], { queue: "group" });
      await Promise.all([bus.flush(soon()), peer.flush(soon())]);

      const sent = Array.from({ length: 100 }, (_, i) => i);
      for (const n of sent) bus.publish(subject, bytes(n));
      await Promise.all([bus.flush(soon()), peer.flush(soon())]);
      await bus.flush(soon());

      const heard = members.flatMap((member) => member.bytes());
      expect(heard.toSorted((a, b) => Number(a) - Number(b))).toEqual(sent);
      expect(members.map((member) => member.heard.length > 0)).toEqual([true, true]);
    });

    test.each(["", "two words", "line\r\nPUB x 0"])("refuses the subject %j", async (subject) => {
      await using bus = await connect();

      expect(() => bus.publish(subject, bytes())).toThrow(withCode("bad-input"));
      expect(() => bus.publish("fine", bytes(), { reply: subject })).toThrow(withCode("bad-input"));
      expect(() => bus.subscribe(subject, () => undefined)).toThrow(withCode("bad-input"));
    });

    test("refuses headers that would break their block", async () => {
      await using bus = await connect();

      const publish = (key: string, value: string) => () =>
        bus.publish("fine", bytes(), { headers: new Map([[key, value]]) });

      expect(publish("a:b", "c")).toThrow(withCode("bad-input"));
      expect(publish("a", "b\r\nc: d")).toThrow(withCode("bad-input"));
    });

    test("refuses what is above the server's limit, headers counted, and goes on", async () => {
      await using bus = await connect();
      const subject = fresh();
      const heard = collect();
      bus.subscribe(subject, heard);
      const headers = new Map([["name", "value"]]);
      const most = new Uint8Array(bus.maxPayload);
      const block = "NATS/1.0\r\nname: value\r\n\r\n".length;

      expect(() => bus.publish(subject, new Uint8Array(most.length + 1))).toThrow(
        withCode("too-large"),
      );
      expect(() => bus.publish(subject, most, { headers })).toThrow(withCode("too-large"));
      bus.publish(subject, most);
      bus.publish(subject, most.subarray(block), { headers });
      await heard.count(2);

      expect(heard.heard.map(({ data }) => data.length)).toEqual([
        most.length,
        most.length - block,
      ]);
    });
  });

  describe(`${name}: subscriptions`, () => {
    test("unsubscribe ends at once", async () => {
      await using bus = await connect();
      const subject = fresh();
      const heard = collect();
      const subscription = bus.subscribe(subject, heard);
      await bus.flush(soon());

      bus.publish(subject, bytes(1));
      subscription.unsubscribe();
      await bus.flush(soon());

      expect(heard.heard).toEqual([]);
      expect(subscription.subject).toBe(subject);
    });

    test("drain delivers what was sent until then, and nothing later", async () => {
      await using bus = await connect();
      await using peer = await connect();
      const subject = fresh();
      const heard = collect();
      const subscription = bus.subscribe(subject, heard);
      await bus.flush(soon());
      for (let i = 0; i < 50; i++) peer.publish(subject, bytes(i));
      await peer.flush(soon());

      await subscription.drain();
      const drained = heard.heard.length;
      peer.publish(subject, bytes(99));
      await peer.flush(soon());
      await bus.flush(soon());

      expect(drained).toBe(50);
      expect(heard.heard).toHaveLength(50);
    });

    test("a signal ends a subscription, and one that is aborted starts none", async () => {
      await using bus = await connect();
      const subject = fresh();
      const end = new AbortController();
      const [heard, never] = [collect(), collect()];
      bus.subscribe(subject, heard, { signal: end.signal });
      bus.subscribe(subject, never, { signal: AbortSignal.abort() });
      bus.publish(subject, bytes(1));
      await heard.count(1);

      end.abort();
      bus.publish(subject, bytes(2));
      await bus.flush(soon());

      expect(heard.bytes()).toEqual([1]);
      expect(never.heard).toEqual([]);
    });

    test("a receiver that throws is logged and stays", async () => {
      const { log, entries } = recordLog();
      await using bus = await connect(log);
      const subject = fresh();
      const heard = collect();
      bus.subscribe(subject, (message) => {
        heard(message);
        throw new Error("receiver's own");
      });

      bus.publish(subject, bytes(1));
      bus.publish(subject, bytes(2));
      await heard.count(2);
      await bus.flush(soon());

      const failures = entries.filter(({ event }) => event === "bus.receiver-failed");
      expect(failures.map(({ fields }) => fields)).toEqual([
        { subject, error: "receiver's own" },
        { subject, error: "receiver's own" },
      ]);
    });

    test("newInbox gives fresh subjects under the prefix", async () => {
      await using bus = await connect();

      const inboxes = Array.from({ length: 100 }, () => bus.newInbox());

      expect(new Set(inboxes).size).toBe(100);
      expect(inboxes.every((inbox) => /^_INBOX\.contract\.[^.]+$/.test(inbox))).toBe(true);
    });
  });

  describe(`${name}: requests`, () => {
    test("a request gets the first answer", async () => {
      await using bus = await connect();
      await using peer = await connect();
      const subject = fresh();
      peer.subscribe(subject, ({ data, reply = "none" }) => {
        peer.publish(reply, data.toReversed(), { headers: new Map([["from", "peer"]]) });
        peer.publish(reply, bytes(0));
      });
      await peer.flush(soon());

      const answers = await Promise.all(
        [1, 2, 3].map((n) => bus.request(subject, bytes(n, 7), { signal: soon() })),
      );

      expect(answers.map(({ data }) => data)).toEqual([bytes(7, 1), bytes(7, 2), bytes(7, 3)]);
      expect(answers[0]?.headers).toEqual(new Map([["from", "peer"]]));
    });

    test("a request that nobody serves is told so at once", async () => {
      await using bus = await connect();

      const asked = bus.request(fresh(), bytes(), { signal: soon() });

      await expect(asked).rejects.toThrow(withCode("not-served"));
    });

    test("a request ends with its signal's reason", async () => {
      await using bus = await connect();
      const subject = fresh();
      bus.subscribe(subject, () => undefined);
      const end = new AbortController();

      const asked = bus.request(subject, bytes(), { signal: end.signal });
      const early = bus.request(subject, bytes(), { signal: AbortSignal.abort("no reason") });
      end.abort(new LatticeError("deadline", "too slow"));

      await expect(asked).rejects.toThrow(withCode("deadline"));
      await expect(early).rejects.toThrow(withCode("aborted"));
    });

    test("a request that is too large is refused", async () => {
      await using bus = await connect();

      const asked = bus.request(fresh(), new Uint8Array(bus.maxPayload + 1), { signal: soon() });

      await expect(asked).rejects.toThrow(withCode("too-large"));
    });
  });

  describe(`${name}: the end`, () => {
    test("drain delivers what is under way, lets requests end, and closes", async () => {
      await using bus = await connect();
      await using peer = await connect();
      const [subject, slow] = [fresh(), fresh()];
      const heard = collect();
      const asked = collect();
      bus.subscribe(subject, heard);
      peer.subscribe(slow, asked);
      await Promise.all([bus.flush(soon()), peer.flush(soon())]);
      const request = bus.request(slow, bytes(1), { signal: soon() });
      const [question] = await asked.count(1);
      for (let i = 0; i < 20; i++) peer.publish(subject, bytes(i));
      await peer.flush(soon());

      const drained = bus.drain();
      peer.publish(question?.reply ?? "none", bytes(42));
      const answer = await request;
      await drained;

      expect(heard.heard).toHaveLength(20);
      expect(answer.data).toEqual(bytes(42));
      expect(bus.status.peek().phase).toBe("closed");
    });

    test("after the end everything is refused as closed", async () => {
      const bus = await connect();

      await bus.drain();
      await bus.drain();

      const signal = soon();
      expect(() => bus.publish("any", bytes())).toThrow(withCode("closed"));
      expect(() => bus.subscribe("any", () => undefined)).toThrow(withCode("closed"));
      await expect(bus.request("any", bytes(), { signal })).rejects.toThrow(withCode("closed"));
      await expect(bus.flush(signal)).rejects.toThrow(withCode("closed"));
    });

    test("a draining bus takes no new work but still sends", async () => {
      await using bus = await connect();
      await using peer = await connect();
      const subject = fresh();
      const heard = collect();
      peer.subscribe(subject, heard);
      await peer.flush(soon());

      const drained = bus.drain();
      bus.publish(subject, bytes(5));

      expect(() => bus.subscribe("any", () => undefined)).toThrow(withCode("closed"));
      await drained;
      await heard.count(1);
      expect(heard.bytes()).toEqual([5]);
    });
  });
}

/** Matches a LatticeError by its code. */
export const withCode = (code: string): object => expect.objectContaining({ code });

function plain(message: BusMessage | undefined): object {
  return { ...message, headers: Array.from(message?.headers ?? []) };
}
