import { expect, test } from "@playwright/test";

import { makeCertificate } from "../support/certificates.ts";
import { serveImages } from "../support/image-server.ts";
import { startInlay } from "../support/inlay-server.ts";
import { launchNats } from "../support/launch-nats.ts";
import { connectPeer } from "../support/native-peer.ts";
import { createTestOperator } from "../support/nats-jwt.ts";
import {
  type Connection,
  launchMonitoredNats,
  type MonitoredNats,
} from "../support/nats-monitor.ts";
import { browsers, joinFrom } from "../support/tabs.ts";
import { scale } from "./story.ts";

for (const name of ["chromium", "firefox"] as const) {
  test(`${name}: an https page joins over wss with creds, and without them it is denied`, async () => {
    const operator = createTestOperator();
    await using certificate = await makeCertificate();
    await using nats = await launchNats({ operator: operator.launch });
    await using inlay = await startInlay([
      "--servers",
      nats.ws,
      "--tls-cert",
      certificate.certFile,
      "--tls-key",
      certificate.keyFile,
    ]);
    expect(inlay.page).toMatch(/^https:/);
    expect(inlay.ws).toMatch(/^wss:/);
    await using browser = await browsers[name]();
    const creds = operator.creds();

    const tab = await joinFrom(browser, inlay.page, {
      servers: [inlay.ws],
      credentials: { creds },
    });
    const seen = await tab.run(`return JSON.stringify(node.view.peek())`);
    const denied = await joinFrom(browser, inlay.page, { servers: [inlay.ws] }).then(
      () => "joined",
      String,
    );

    expect(tab.hostId).toMatch(/^N/);
    const [seed = "no seed"] = /SU[A-Z2-7]{56}/.exec(creds) ?? [];
    expect(creds).toContain(seed);
    expect(seen).not.toContain(seed);
    expect(denied).toMatch(/denied|authori[sz]ation|credentials/i);
  });
}

test("with credentials of their own, calls run on a second connection, which cannot control", async () => {
  const inboxes = "_INBOX.>";
  const only = (...subjects: readonly string[]) => ({ publish: subjects, subscribe: subjects });
  await using nats = await launchMonitoredNats({
    users: [
      { user: "native", password: "n" },
      { user: "control", password: "c", permissions: only("wasmbus.>", inboxes) },
      { user: "rpc", password: "r", permissions: only("default.*.wrpc.>", inboxes) },
    ],
    config: "no_auth_user: native",
  });
  await using inlay = await startInlay();
  await using images = await serveImages();
  await using browser = await browsers.chromium();
  await using peer = await connectPeer(nats.ws);
  const tab = await joinFrom(browser, inlay.page, {
    servers: [nats.ws],
    credentials: { user: "control", pass: "c" },
    rpcCredentials: { user: "rpc", pass: "r" },
  });

  await scale({ tab, peer, lattice: "default" }, "hello", images.url("hello.wasm"), 4);
  const [before, { bytes }, after] = [
    await byUser(nats),
    await peer.invoke(
      "default.hello.wrpc.0.0.1.inlay:demo/greeter.greet",
      Buffer.from("\u0003Ada"),
    ),
    await byUser(nats),
  ];

  expect(Buffer.from(bytes).toString()).toBe("\u000bHello, Ada!");
  expect([...after.keys()].toSorted()).toEqual(["control", "native", "rpc"]);
  const roots = (user: string): ReadonlySet<string | undefined> =>
    new Set(after.get(user)?.subscriptions_list?.map((subject) => subject.split(".")[0]));
  expect(roots("control")).toContain("wasmbus");
  expect(roots("control")).not.toContain("default");
  expect(roots("rpc")).toContain("default");
  expect(roots("rpc")).not.toContain("wasmbus");
  // The call went in on the one connection, and nothing of it on the other.
  expect(after.get("rpc")?.out_msgs).toBeGreaterThan(before.get("rpc")?.out_msgs ?? Infinity);
  expect(after.get("control")?.out_msgs).toBe(before.get("control")?.out_msgs);
});

/** The server's connections by user. */
async function byUser(nats: MonitoredNats): Promise<ReadonlyMap<string, Connection>> {
  const all = await nats.connections();
  return new Map(all.map((each) => [each.authorized_user ?? "", each]));
}
