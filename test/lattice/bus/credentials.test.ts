import { nkeys } from "nats.ws";
import { describe, expect, test } from "vitest";
import type { Bus } from "../../../src/core/bus.ts";
import type { BrowserKey, Credentials } from "../../../src/core/credentials.ts";
import { messageOf } from "../../../src/core/error.ts";
import { until } from "../../../src/core/view.ts";
import { generateKeyPair, rawPublicKey } from "../../../src/storage/key-pairs.ts";
import { publicNkey } from "../../../src/wire/nkey-public.ts";
import { withCode } from "../../contract/bus.ts";
import { makeCertificate } from "../../support/certificates.ts";
import { collect } from "../../support/collector.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { recordLog } from "../../support/log-recorder.ts";
import { openTestBus } from "../../support/nats-bus.ts";
import { createTestOperator } from "../../support/nats-jwt.ts";
import { nodeWebSocket } from "../../support/node-websocket.ts";

const none = new Uint8Array();
const soon = (): AbortSignal => AbortSignal.timeout(30_000);
const from = (credentials: Credentials) => ({ credentials: () => Promise.resolve(credentials) });
const seedOf = (pair: ReturnType<typeof nkeys.createUser>): string =>
  new TextDecoder().decode(pair.getSeed());

/** As `browserKey()` makes one in a page. */
async function browserUser(): Promise<{ readonly key: BrowserKey }> {
  const pair = await generateKeyPair("test this");
  const publicKey = publicNkey("user", await rawPublicKey(pair));
  return { key: { publicKey, privateKey: pair.privateKey } };
}

describe("credentials are shown to the server", () => {
  test("user and password, given or in the address", async () => {
    await using server = await launchNats({ users: [{ user: "tab", password: "s3cret/:pw" }] });
    const inAddress = server.ws.replace("ws://", "ws://tab:s3cret%2F%3Apw@");

    await using given = await openTestBus(server.ws, from({ user: "tab", pass: "s3cret/:pw" }));
    await using embedded = await openTestBus(inAddress);
    await Promise.all([given.flush(soon()), embedded.flush(soon())]);

    expect(embedded.status.peek()).toEqual({ phase: "open", server: server.ws });
  });

  test("a token", async () => {
    await using server = await launchNats({ config: 'authorization { token: "t0ken" }' });

    await using bus = await openTestBus(server.ws, from({ token: "t0ken" }));
    await bus.flush(soon());

    expect(bus.status.peek().phase).toBe("open");
  });

  test("an nkey seed that signs the nonce", async () => {
    const pair = nkeys.createUser();
    await using server = await launchNats({ users: [{ nkey: pair.getPublicKey() }] });

    await using bus = await openTestBus(server.ws, from({ nkeySeed: seedOf(pair) }));
    await bus.flush(soon());

    expect(bus.status.peek().phase).toBe("open");
  });

  test("a key that only WebCrypto can use signs the nonce, at each dial", async () => {
    const { key } = await browserUser();
    await using server = await launchNats({ users: [{ nkey: key.publicKey }] });

    await using bus = await openTestBus(server.ws, from({ key }));
    await bus.flush(soon());

    expect(bus.status.peek().phase).toBe("open");
    await expect(crypto.subtle.exportKey("pkcs8", key.privateKey)).rejects.toThrow(/extractable/);
  });

  test("such a key with the user's JWT, in operator mode", async () => {
    const { key } = await browserUser();
    const operator = createTestOperator();
    await using server = await launchNats({ operator: operator.launch, jetstream: false });

    await using bus = await openTestBus(
      server.ws,
      from({ key, jwt: operator.userJwt(key.publicKey) }),
    );
    await bus.flush(soon());

    expect(bus.status.peek().phase).toBe("open");
  });

  test("a server that wants no proof lets such a key in", async () => {
    const { key } = await browserUser();
    await using server = await launchNats();

    await using bus = await openTestBus(server.ws, from({ key }));
    await bus.flush(soon());

    expect(bus.status.peek().phase).toBe("open");
  });

  test("the text of a creds file, with either kind of line end", async () => {
    const operator = createTestOperator();
    await using server = await launchNats({ operator: operator.launch, jetstream: false });
    const creds = operator.creds();

    await using unix = await openTestBus(server.ws, from({ creds }));
    await using dos = await openTestBus(server.ws, from({ creds: creds.replaceAll("\n", "\r\n") }));
    await Promise.all([unix.flush(soon()), dos.flush(soon())]);

    expect([unix, dos].map(({ status }) => status.peek().phase)).toEqual(["open", "open"]);
  });
});

describe("refused credentials", () => {
  test.each<[string, Credentials]>([
    ["a wrong password", { user: "tab", pass: "wrong-secret" }],
    ["a wrong token", { token: "wrong-secret" }],
    ["somebody else's seed", { nkeySeed: seedOf(nkeys.createUser()) }],
    ["a seed that is none", { nkeySeed: "SUwrong-secret" }],
    ["a creds text that is none", { creds: "-----BEGIN wrong-secret-----" }],
  ])("%s is denied at once and told nowhere", async (_, credentials) => {
    await using server = await launchNats({ users: [{ user: "tab", password: "right" }] });
    const { log, entries } = recordLog();

    const failure: unknown = await openTestBus(server.ws, { ...from(credentials), log }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );

    expect(failure).toEqual(withCode("denied"));
    const secrets = Object.values(credentials).map(String);
    const told = messageOf(failure) + JSON.stringify(entries);
    expect(secrets.filter((secret) => told.includes(secret))).toEqual([]);
  });

  test("a source that fails is denied", async () => {
    await using server = await launchNats();

    const opened = openTestBus(server.ws, {
      credentials: () => Promise.reject(new Error("login page closed")),
    });

    await expect(opened).rejects.toThrow(withCode("denied"));
    await expect(opened).rejects.toThrow("login page closed");
  });
});

test("credentials are asked anew for each dial, and a refused redial goes on", async () => {
  await using server = await launchNats({ users: [{ user: "tab", password: "right" }] });
  let pass = "right";
  await using bus = await openTestBus(server.ws, {
    credentials: () => Promise.resolve({ user: "tab", pass }),
  });
  const refused = until(
    bus.status,
    (status) => status.phase === "reconnecting" && /authorization/i.test(status.reason ?? ""),
    soon(),
  );

  pass = "expired-secret";
  await server.restart();
  const status = await refused;
  pass = "right";
  await until(bus.status, ({ phase }) => phase === "open", soon());
  await bus.flush(soon());

  expect(JSON.stringify(status)).not.toContain("secret");
});

test("a JWT that expires while in use is replaced", async () => {
  const operator = createTestOperator();
  await using server = await launchNats({ operator: operator.launch, jetstream: false });
  let asked = 0;
  const openFor = (lifeMs: number): Promise<Bus> => {
    asked = 0;
    const credentials = async (): Promise<Credentials> => ({
      creds: operator.creds(asked++ === 0 ? { expiresAtMs: Date.now() + lifeMs } : {}),
    });
    return openTestBus(server.ws, { credentials });
  };
  // Where it is over before the server has read it, the machine has other things to do.
  await using bus = await openFor(3_000).catch(() => openFor(15_000));
  const heard = collect();
  bus.subscribe("demo", heard);

  await until(bus.status, ({ phase }) => phase === "reconnecting", soon());
  await until(bus.status, ({ phase }) => phase === "open", soon());
  bus.publish("demo", Uint8Array.of(1));
  await heard.count(1);

  expect(asked).toBe(2);
});

describe("permissions", () => {
  const users = [
    {
      user: "tab",
      password: "pw",
      permissions: {
        publish: { allow: ["open.>", "_INBOX.test.>"] },
        subscribe: { allow: ["open.>", "_INBOX.test.>", "shared.> workers"] },
      },
    },
  ];
  const tab = from({ user: "tab", pass: "pw" });

  test("a refused subscription is told once; others live on", async () => {
    await using server = await launchNats({ users });
    const { log, heard } = recordLog();
    await using bus = await openTestBus(server.ws, { ...tab, log });
    const refused: Error[] = [];
    const onDenied = (error: Error): void => void refused.push(error);
    const received = collect();

    bus.subscribe("secret.a", received, { onDenied });
    bus.subscribe("shared.a", received, { queue: "others", onDenied });
    bus.subscribe("shared.a", received, { queue: "workers", onDenied });
    bus.subscribe("open.a", received, { onDenied });
    await bus.flush(soon());
    bus.publish("open.a", Uint8Array.of(1));
    await received.count(1);

    expect(refused).toEqual([withCode("denied"), withCode("denied")]);
    expect(refused.map(messageOf)).toEqual([
      expect.stringContaining('"secret.a"'),
      expect.stringContaining('"shared.a"'),
    ]);
    expect((await heard("bus.subscription-denied")).fields).toEqual({ subject: "secret.a" });
  });

  test("a request that may not be published is denied, not left waiting", async () => {
    await using server = await launchNats({ users });
    await using bus = await openTestBus(server.ws, tab);

    const asked = bus.request("secret.b", none, { signal: soon() });

    await expect(asked).rejects.toThrow(withCode("denied"));
  });

  test("without the right to its inbox, a request is denied", async () => {
    await using server = await launchNats({ users });
    await using bus = await openTestBus(server.ws, { ...tab, inboxPrefix: "_INBOX.other" });

    const asked = bus.request("open.b", none, { signal: soon() });

    await expect(asked).rejects.toThrow(withCode("denied"));
  });
});

test("wss with a certificate that nobody signed", async () => {
  await using tls = await makeCertificate();
  await using server = await launchNats({ tls });

  await using bus = await openTestBus(server.ws, {
    socketFactory: nodeWebSocket({ insecure: true }),
  });
  await bus.flush(soon());
  const refused = openTestBus(server.ws, { firstConnectTimeoutMs: 2_000 });

  expect(bus.status.peek()).toEqual({ phase: "open", server: server.ws });
  await expect(refused).rejects.toThrow(withCode("no-servers"));
  await expect(refused).rejects.toThrow(/self-signed/);
});
