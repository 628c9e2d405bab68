/** Keys of clusters as people give them, and what they are told of those that are none. */
import { expect, test } from "vitest";

import { openCluster } from "../../../../src/dialects/v0/cluster.ts";
import { messageOf } from "../../../../src/core/error.ts";
import { nkey } from "../../../support/wasmbus-peer.ts";

test("a seed signs as its public key, which is trusted with the issuers", async () => {
  const [own, other] = [nkey("C"), nkey("C")];

  const cluster = await openCluster({ issuers: [other.public], seed: ` ${own.seed}\n` });

  expect(cluster.issuer).toBe(own.public);
  expect(cluster.issuers).toEqual(new Set([other.public, own.public]));
});

test("without a seed there is a fresh key, each time another", async () => {
  const [one, two] = await Promise.all([
    openCluster({ issuers: [] }),
    openCluster({ issuers: [] }),
  ]);

  expect(one.issuer).toMatch(/^C[A-Z2-7]{55}$/);
  expect(one.issuer).not.toBe(two.issuer);
});

const cluster = nkey("C");
const host = nkey("N");
const bent = (text: string): string => text.slice(0, -1) + (text.endsWith("A") ? "B" : "A");

test.each([
  ["an issuer that is a seed", { issuers: [cluster.seed] }, cluster.seed],
  ["an issuer that is a seed, with a space before it", { issuers: [` ${host.seed}`] }, host.seed],
  ["a host's key as an issuer", { issuers: [host.public] }, host.public],
  ["an issuer with a wrong checksum", { issuers: [bent(cluster.public)] }, cluster.public],
  ["a host's seed", { issuers: [], seed: host.seed }, host.seed],
  ["a seed with a wrong checksum", { issuers: [], seed: bent(cluster.seed) }, cluster.seed],
  ["a public key as a seed", { issuers: [], seed: cluster.public }, cluster.public],
  ["a seed that is cut off", { issuers: [], seed: cluster.seed.slice(0, 40) }, cluster.seed],
])("%s is refused, and the error has nothing of it", async (_, options, secret) => {
  const thrown: unknown = await openCluster(options).catch((cause: unknown) => cause);

  expect(thrown).toMatchObject({ code: "bad-input" });
  const told = messageOf(thrown);
  expect(told).toMatch(/cluster/);
  expect(told).not.toContain(secret.slice(3, 12));
});
