/** What every object store does. Run for the memory lattice in Node and for NATS against a server. */
import { describe, expect, test } from "vitest";
import type { Bus } from "../../src/core/bus.ts";
import type { ObjectStore } from "../../src/core/objects.ts";
import { withCode } from "./bus.ts";

const soon = (): AbortSignal => AbortSignal.timeout(30_000);
let stores = 0;
const fresh = (): string => `objects-${++stores}`;
const make = (bus: Bus, name = fresh()): Promise<ObjectStore> =>
  bus.objects(name, { signal: soon(), create: true });
const all = { maxBytes: 10_000_000 };
/** Bytes that differ everywhere, so that no chunk can stand for another. */
export const bytesOf = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * 2_654_435_761) >>> 24);
/** Node and browsers have it, but not at once. */
export async function sha256Of(bytes: Uint8Array = new Uint8Array()): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new Uint8Array(bytes));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** `connect` gives one more member of a lattice that has JetStream and that the tests of a suite share. */
export function objectsContract(name: string, connect: () => Promise<Bus>): void {
  describe(`${name}: opening`, () => {
    test("a store that is not there is told of, and made if wanted", async () => {
      await using bus = await connect();
      const store = fresh();

      const missing = bus.objects(store, { signal: soon() });
      await expect(missing).rejects.toThrow(withCode("not-found"));
      const made = await make(bus, store);
      await made.put("object", bytesOf(3), soon());
      const again = await bus.objects(store, { signal: soon() });

      expect(made.name).toBe(store);
      expect(await again.get("object", { signal: soon(), ...all })).toEqual(bytesOf(3));
    });

    test.each(["", "two words", "dot.ted", "a*", "ü"])("refuses the name %j", async (store) => {
      await using bus = await connect();

      const opened = bus.objects(store, { signal: soon() });

      await expect(opened).rejects.toThrow(withCode("bad-input"));
    });

    test("a domain that nobody knows has no JetStream", async () => {
      await using bus = await connect();

      const opened = bus.objects(fresh(), { signal: soon(), domain: "nowhere" });

      await expect(opened).rejects.toThrow(withCode("unsupported"));
    });

    test("a closed bus opens none, and neither does one whose signal has ended", async () => {
      const bus = await connect();
      const given = bus.objects(fresh(), { signal: AbortSignal.abort("no reason") });
      await expect(given).rejects.toThrow(withCode("aborted"));
      await bus.drain();

      await expect(make(bus)).rejects.toThrow(withCode("closed"));
    });
  });

  describe(`${name}: reading and writing`, () => {
    test.each([0, 1, 131_072, 131_073, 1_500_000])(
      "gives %i bytes back as they were put",
      async (length) => {
        await using bus = await connect();
        await using peer = await connect();
        const store = await make(bus);
        const same = await peer.objects(store.name, { signal: soon() });
        const bytes = bytesOf(length);
        const told: (readonly [number, number])[] = [];

        const put = await store.put("sha256:ab/ä", bytes, soon());
        const info = await same.info("sha256:ab/ä", soon());
        const got = await same.get("sha256:ab/ä", {
          signal: soon(),
          maxBytes: length,
          onProgress: (...progress) => told.push(progress),
        });

        expect(put).toEqual({
          name: "sha256:ab/ä",
          sizeBytes: length,
          chunks: Math.ceil(length / 131_072),
          digest: await sha256Of(bytes),
        });
        expect(info).toEqual(put);
        expect(got?.length).toBe(length);
        expect(await sha256Of(got)).toBe(await sha256Of(bytes));
        expect(told[0]).toEqual([0, length]);
        expect(told.at(-1)).toEqual([length, length]);
        const counts = told.map(([done]) => done);
        expect(counts).toEqual(counts.toSorted((a, b) => a - b));
      },
    );

    test("objects whose chunks lie between each other's are told apart", async () => {
      await using bus = await connect();
      await using peer = await connect();
      const store = await make(bus);
      const same = await peer.objects(store.name, { signal: soon() });
      const [one, other] = [bytesOf(900_000), bytesOf(800_000).toReversed()];

      await Promise.all([store.put("one", one, soon()), same.put("other", other, soon())]);
      const got = await Promise.all(
        ["one", "other"].map((each) => store.get(each, { signal: soon(), ...all })),
      );

      const hashes = await Promise.all([...got, one, other].map(sha256Of));
      expect(hashes.slice(0, 2)).toEqual(hashes.slice(2));
    });

    test("what is put again takes the place of what was there", async () => {
      await using bus = await connect();
      const store = await make(bus);

      await store.put("object", bytesOf(300_000), soon());
      await store.put("object", bytesOf(10), soon());

      expect(await store.get("object", { signal: soon(), ...all })).toEqual(bytesOf(10));
    });

    test("what was never there, or deleted, is not there; and may come back", async () => {
      await using bus = await connect();
      const store = await make(bus);
      await store.put("object", bytesOf(5), soon());

      await store.delete("object", soon());
      await store.delete("never", soon());
      const gone = await Promise.all(
        ["object", "never"].map((each) => store.get(each, { signal: soon(), ...all })),
      );
      const info = await store.info("object", soon());
      await store.put("object", bytesOf(6), soon());

      expect([...gone, info]).toEqual([undefined, undefined, undefined]);
      expect(await store.get("object", { signal: soon(), ...all })).toEqual(bytesOf(6));
    });

    test("more than is taken is not read", async () => {
      await using bus = await connect();
      const store = await make(bus);
      await store.put("object", bytesOf(11), soon());

      const got = store.get("object", { signal: soon(), maxBytes: 10 });

      await expect(got).rejects.toThrow(withCode("too-large"));
    });

    test("a name must not be empty", async () => {
      await using bus = await connect();
      const store = await make(bus);

      const put = store.put("", bytesOf(1), soon());

      await expect(put).rejects.toThrow(withCode("bad-input"));
    });

    test("stores do not see each other", async () => {
      await using bus = await connect();
      const [one, other] = [await make(bus), await make(bus)];

      await one.put("object", bytesOf(1), soon());

      expect(await other.info("object", soon())).toBeUndefined();
    });
  });

  describe(`${name}: what others write`, () => {
    const ENTRY = {
      name: "object",
      nuid: "N1",
      size: 3,
      chunks: 1,
      // Of 1, 2, 3; in base64url, and padded.
      digest: "SHA-256=A5BYxvLAy0ksUzsKTRTvd8wPeKvMztUofYShogEc-4E=",
    };
    const told = async (bus: Bus, store: string, subject: string, data: Uint8Array | object) => {
      const bytes =
        data instanceof Uint8Array ? data : new TextEncoder().encode(JSON.stringify(data));
      await bus.request(`$O.${store}.${subject}`, bytes, { signal: soon() });
    };
    const META = `M.${btoa("object")}`;

    test("an object of another client is read, with or without padding and options", async () => {
      await using bus = await connect();
      const store = await make(bus);
      await told(bus, store.name, "C.N1", Uint8Array.of(1, 2, 3));
      await told(bus, store.name, META, ENTRY);
      const padded = await store.get("object", { signal: soon(), ...all });
      await told(bus, store.name, META, { ...ENTRY, digest: ENTRY.digest.slice(0, -1) });
      const bare = await store.get("object", { signal: soon(), ...all });

      expect([padded, bare]).toEqual([Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2, 3)]);
    });

    test.each([
      { what: "other bytes", chunk: [1, 2, 4], entry: {}, code: "digest-mismatch" },
      { what: "fewer bytes than told", chunk: [1, 2], entry: {}, code: "incomplete" },
      { what: "more bytes than told", chunk: [1, 2, 3, 4], entry: {}, code: "incomplete" },
      { what: "an empty chunk", chunk: [], entry: {}, code: "incomplete" },
      { what: "no chunk of that name", chunk: [1], entry: { nuid: "N2" }, code: "incomplete" },
      { what: "chunks that are missing", chunk: [1], entry: { chunks: 3 }, code: "incomplete" },
      { what: "a size above what is taken", chunk: [1], entry: { size: 2e7 }, code: "too-large" },
      { what: "a size that is none", chunk: [1], entry: { size: -1 }, code: "bad-message" },
      { what: "more chunks than bytes", chunk: [1], entry: { chunks: 4 }, code: "bad-message" },
      {
        what: "a million and one chunks",
        chunk: [1],
        entry: { chunks: 1_000_001, size: 1e7 },
        code: "bad-message",
      },
      { what: "chunks of another subject", chunk: [1], entry: { nuid: "*" }, code: "bad-message" },
      { what: "no digest", chunk: [1], entry: { digest: "" }, code: "bad-message" },
      {
        what: "a digest of another kind",
        chunk: [1],
        entry: { digest: "MD5=AAAA" },
        code: "bad-message",
      },
      { what: "another name", chunk: [1], entry: { name: "other" }, code: "bad-message" },
      {
        what: "a link",
        chunk: [1],
        entry: { options: { link: { bucket: "b" } } },
        code: "unsupported",
      },
    ] as const)("an object with $what is $code", async ({ chunk, entry, code }) => {
      await using bus = await connect();
      const store = await make(bus);
      await told(bus, store.name, "C.N1", Uint8Array.from(chunk));
      await told(bus, store.name, META, { ...ENTRY, ...entry });

      const got = store.get("object", { signal: soon(), ...all });

      await expect(got).rejects.toThrow(withCode(code));
    });

    test("an entry that is no JSON stands in nobody's way", async () => {
      await using bus = await connect();
      const store = await make(bus);
      await told(bus, store.name, META, Uint8Array.of(0xff));

      const misread = store.get("object", { signal: soon(), ...all });
      await expect(misread).rejects.toThrow(withCode("bad-message"));
      await store.put("object", bytesOf(4), soon());

      expect(await store.get("object", { signal: soon(), ...all })).toEqual(bytesOf(4));
    });
  });
}
