/** Who answers for the whole lattice: tabs, as long as no native host can. */
import { expect, test } from "vitest";
import type { LatticeHost } from "../../support/lattice-host.ts";

import { launchNats } from "../../support/launch-nats.ts";
import { startHost } from "../../support/lattice-host.ts";
import { startNativeHost } from "../../support/native-host.ts";
import { connectPeer } from "../../support/native-peer.ts";
import { shared } from "../../support/shared.ts";

const server = shared(() => launchNats());
const peer = shared(() => connectPeer(server.ws));

/** All answers to `tail` in `lattice`: as many as there are to be, and any that come within 300 ms more. */
const answers = (lattice: string, tail: string, count = 1): Promise<unknown[]> =>
  peer.gather(`wasmbus.ctl.v1.${lattice}.${tail}`, undefined, 300, count);
const links = { success: true, message: "", response: [] };
const eventsOf = ({ log }: LatticeHost): readonly string[] => log.map(({ event }) => event);

test.concurrent("tabs share the groups: one of them answers", async () => {
  const lattice = "shared";
  await using one = await startHost({ url: server.ws }, { lattice });
  await using two = await startHost({ url: server.ws }, { lattice });
  await Promise.all([one.sharing(true), two.sharing(true)]);

  const got = [
    await answers(lattice, "link.get"),
    await answers(lattice, "claims.get"),
    await answers(lattice, "config.get.a"),
  ];

  const none = { success: true, message: "Configuration not found" };
  expect(got).toEqual([[links], [links], [none]]);
});

test.concurrent("where a native host answers pings, it alone answers for the lattice", async () => {
  const lattice = "native";
  const host = await startNativeHost(peer, lattice);
  await using tab = await startHost({ url: server.ws }, { lattice });
  await expect.poll(() => eventsOf(tab)).toContain("census.native"); // which settles the matter

  const asked = Array.from({ length: 20 }, () => peer.ask(`wasmbus.ctl.v1.${lattice}.link.get`));

  await Promise.all(asked);
  expect(host.answered).toHaveLength(20);
  expect(eventsOf(tab)).not.toContain("groups.joined");
  await host[Symbol.asyncDispose]();
});

test.concurrent("tabs leave when a native host comes, and take over when it goes", async () => {
  const lattice = "relay";
  await using tab = await startHost({ url: server.ws }, { lattice });
  await tab.sharing(true);
  const first = await answers(lattice, "link.get");

  const host = await startNativeHost(peer, lattice);
  await tab.sharing(false);
  const meanwhile = await answers(lattice, "link.get");
  const { length } = host.answered;
  await host[Symbol.asyncDispose]();
  await tab.sharing(true);
  const after = await answers(lattice, "link.get");

  expect([first, meanwhile, after]).toEqual([[links], [links], [links]]);
  expect(length).toBe(1);
});

test.concurrent("a host that says it is in a browser keeps nobody out", async () => {
  const lattice = "kin";
  const host = await startNativeHost(peer, lattice, { "hostcore.os": "browser" });
  await using tab = await startHost({ url: server.ws }, { lattice });

  await tab.sharing(true);

  expect(host.answered).toEqual([]);
  await host[Symbol.asyncDispose]();
});

test.concurrent("a hidden or frozen tab holds no group, and takes them up again", async () => {
  const lattice = "hidden";
  await using tab = await startHost({ url: server.ws }, { lattice });
  await tab.sharing(true);

  tab.host.setShown(false);
  await tab.sharing(false);
  const hidden = await answers(lattice, "link.get", 0);
  tab.host.setShown(true);
  await tab.sharing(true);
  tab.host.setPresent(false);
  await tab.sharing(false);
  const frozen = await answers(lattice, "link.get", 0);
  tab.host.setPresent(true);
  await tab.sharing(true);
  const back = await answers(lattice, "link.get");

  expect([hidden, frozen, back]).toEqual([[], [], [links]]);
});

test.concurrent("an option keeps a tab out", async () => {
  const lattice = "unwilling";
  await using tab = await startHost({ url: server.ws }, { lattice, parts: { shareWork: false } });
  // Whoever comes later and may, has waited for as long as it takes.
  await using other = await startHost({ url: server.ws }, { lattice });
  await other.sharing(true);
  await other[Symbol.asyncDispose]();

  expect(await answers(lattice, "link.get", 0)).toEqual([]);
  expect(eventsOf(tab)).not.toContain("groups.joined");
});

test.concurrent("no command is lost while members come and go", async () => {
  const lattice = "moving";
  await using stays = await startHost({ url: server.ws }, { lattice });
  await using moves = await startHost({ url: server.ws }, { lattice });
  await Promise.all([stays.sharing(true), moves.sharing(true)]);
  const put = (n: number): Promise<unknown> =>
    peer.ask(`wasmbus.ctl.v1.${lattice}.config.put.n${n}`, { n: String(n) });
  const sent: Promise<unknown>[] = [];

  for (let n = 0; n < 300; n++) {
    sent.push(put(n));
    if (n === 100) moves.host.setShown(false);
    if (n % 50 === 0) await peer.nats.flush();
  }
  const replies = await Promise.all(sent);
  await moves.sharing(false);

  expect(new Set(replies.map((each) => JSON.stringify(each)))).toEqual(
    new Set(['{"success":true,"message":"successfully put config"}']),
  );
});

test.concurrent("a host that stops answers what it had begun", async () => {
  const lattice = "ending";
  const tab = await startHost({ url: server.ws }, { lattice });
  await tab.sharing(true);
  const sent = Array.from({ length: 50 }, (_, n) =>
    peer.ask(`wasmbus.ctl.v1.${lattice}.config.put.n${n}`, {}),
  );
  await peer.nats.flush(); // the server has routed them all

  await tab[Symbol.asyncDispose]();

  const put = { success: true, message: "successfully put config" };
  expect(await Promise.all(sent)).toEqual(sent.map(() => put));
});

test.concurrent("credentials that may not listen to the groups or to events let the tab join, outside the groups", async () => {
  const denied = (subject: string) => ({ subscribe: { deny: [subject] } });
  await using strict = await launchNats({
    users: [
      { user: "blind", password: "b", permissions: denied("wasmbus.evt.>") },
      { user: "groupless", password: "g", permissions: denied("wasmbus.ctl.v1.default.link.*") },
      { user: "peer", password: "p" },
    ],
  });
  const at = (user: string) => ({ url: strict.ws.replace("//", `//${user}:${user[0]}@`) });
  await using asking = await connectPeer(strict.ws, { user: "peer", pass: "p" });
  await using blind = await startHost(at("blind"));
  // It came later, so that the first one has had as long as it takes by then.
  await using groupless = await startHost(at("groupless"));
  await groupless.sharing(true);
  const some = await asking.gather("wasmbus.ctl.v1.default.config.get.a", undefined, 300, 1);
  await groupless[Symbol.asyncDispose]();
  const none = await asking.gather("wasmbus.ctl.v1.default.config.get.a", undefined, 300);

  expect(some).toHaveLength(1);
  expect(eventsOf(groupless)).toContain("groups.denied");
  expect(none).toEqual([]);
  expect(eventsOf(blind)).toContain("census.denied");
  expect(eventsOf(blind)).not.toContain("groups.joined");
});
