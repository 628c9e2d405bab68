/** As many facts as a host keeps: each is in its place, and the views change once for all that came together. */
import { expect, test } from "vitest";
import type { DialectParts } from "../../../../src/core/dialect.ts";
import type { KvChange } from "../../../../src/core/kv.ts";

import { latticeId } from "../../../../src/core/ids.ts";
import { createLog } from "../../../../src/core/log.ts";
import { createV0Facts, type LinkChange } from "../../../../src/dialects/v0/facts/facts.ts";
import {
  linkId,
  linkKey,
  type LinkDefinition,
  writeLinkJson,
} from "../../../../src/dialects/v0/facts/link-definition.ts";
import { claimsKey, writeStoredClaims } from "../../../../src/dialects/v0/facts/stored-claims.ts";

const MOST = 20_000;
const lifetime = new AbortController();

/** Facts over a bucket that has `first`, and what tells of later changes. */
function setUp(first: readonly KvChange[], onLink: (change: LinkChange) => void = () => undefined) {
  let tell: (change: KvChange) => void = () => undefined;
  const problems: unknown[] = [];
  const bucket = {
    async watch(onChange: (change: KvChange) => void) {
      tell = onChange;
      first.forEach(onChange);
    },
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- facts that are followed only use these
  const parts = {
    lattice: latticeId("default"),
    control: { bucket: async () => bucket },
    log: createLog(
      () => 0,
      (entry) => problems.push(entry),
    ),
  } as unknown as DialectParts;
  const facts = createV0Facts(parts, onLink);
  return { facts, problems, tell: (change: KvChange) => tell(change) };
}

const claimsOf = (subject: string): KvChange => ({
  operation: "put",
  key: claimsKey(subject),
  revision: 1,
  value: writeStoredClaims({
    kind: "provider",
    contract_id: "demo:c",
    issuer: "A",
    name: "n",
    revision: "0",
    subject,
    version: "1.0.0",
    config_schema: undefined,
  }),
});
const link = (at: number): LinkDefinition => ({
  actor_id: `M${at}`,
  provider_id: "V1",
  link_name: "default",
  contract_id: "demo:c",
  values: new Map(),
});
const linkPut = async (at: number): Promise<KvChange> => ({
  operation: "put",
  key: linkKey(await linkId(link(at))),
  revision: at + 1,
  value: writeLinkJson(link(at)),
});
const subjects = (count: number): string[] => Array.from({ length: count }, (_, at) => `V${at}`);

test("all of them are shown in their order, by one change of the view", async () => {
  const { facts, problems } = setUp([...subjects(MOST), "V-too-many"].map(claimsOf));
  let shown = 0;
  facts.claims.subscribe(() => (shown += 1));

  await facts.follow(lifetime.signal);

  expect([...facts.claims.peek().keys()]).toEqual(subjects(MOST));
  expect(shown).toBe(1);
  expect(problems).toMatchObject([
    { fields: { key: "CLAIMS_V-too-many", problem: "the lattice keeps more than 20000 entries" } },
  ]);
});

test("later changes that come together are shown once, and told after that, each of them", async () => {
  const told: string[] = [];
  const count = 1_000;
  const links = await Promise.all(Array.from({ length: count }, (_, at) => linkPut(at)));
  const { facts, tell } = setUp([], ({ change, link: { actor_id } }) => {
    told.push(`${change} ${actor_id}: ${facts.links.peek().size} shown`);
  });
  await facts.follow(lifetime.signal);
  let shown = 0;
  facts.links.subscribe(() => (shown += 1));

  links.forEach(tell);
  await expect.poll(() => told.length).toBe(count);

  expect(shown).toBe(1);
  expect([...facts.links.peek().values()]).toEqual(links.map((_, at) => link(at)));
  expect(told).toEqual(links.map((_, at) => `put M${at}: ${count} shown`));

  const [first] = links;
  if (first === undefined) throw new Error("there is a first one");
  tell({ operation: "delete", key: first.key });
  await expect.poll(() => told.at(-1)).toBe(`removed M0: ${count - 1} shown`);
});
