import { expect, test } from "vitest";
import type { World } from "../../../../src/core/wit.ts";

import { LatticeError } from "../../../../src/core/error.ts";
import { entityId } from "../../../../src/core/ids.ts";
import { recordLog } from "../../../support/log-recorder.ts";
import { openOutbound } from "../../../support/outbound.ts";

const KEYVALUE = "wasi:keyvalue/store@0.2.0-draft";
const PRICES = "example:shop/prices@1.0.0";

/** Links lead to `shelf`, which fails, or nowhere. */
function setUp({ linked }: { readonly linked: boolean }) {
  const { log, entries } = recordLog();
  const names = [KEYVALUE, PRICES].map((name) => [name, new Map()] as const);
  const world: World = { imports: new Map(names), exports: new Map() };
  const outbound = openOutbound({
    id: entityId("shop"),
    world,
    links: () => ({
      target: () => (linked ? entityId("shelf") : undefined),
      contract: () => undefined,
      names: () => [],
    }),
    reach: () => ({
      invoke: () => Promise.reject(new LatticeError("incomplete", "the shelf broke")),
    }),
    log,
  });
  const run = (instance: string, func: string, ...args: unknown[]) =>
    outbound.invoke({
      id: "1",
      source: undefined,
      linkNames: new Map(),
      instance,
      func,
      args,
      trace: new Map(),
      signal: new AbortController().signal,
    });
  return { run, entries };
}

test("a failed import is one line of the log, with the way that it took", async () => {
  const { run, entries } = setUp({ linked: true });

  const failed = run(PRICES, "of", "tea");

  await expect(failed).rejects.toMatchObject({ code: "incomplete" });
  expect(entries).toMatchObject([
    {
      event: "import.failed",
      fields: {
        workload: "shop",
        instance: PRICES,
        func: "of",
        link: "default",
        target: "shelf",
        code: "incomplete",
        problem: "the shelf broke",
      },
    },
  ]);
});

test("an import that another stands for on the wire is named as well, also where the guest gets an err", async () => {
  const { run, entries } = setUp({ linked: true });
  const [opened] = await run(KEYVALUE, "open", "b");
  const bucket = (opened as { val: unknown }).val;

  const [result] = await run(KEYVALUE, "[method]bucket.get", bucket, "key");

  expect(result).toMatchObject({ tag: "err" });
  expect(entries.map(({ fields }) => fields)).toMatchObject([
    {
      instance: "wrpc:keyvalue/store@0.2.0-draft",
      func: "get",
      imported: `${KEYVALUE}#[method]bucket.get`,
      target: "shelf",
    },
  ]);
});

test("what never left the host is told as well, once", async () => {
  const { run, entries } = setUp({ linked: false });

  const unmet = run(KEYVALUE, "unheard-of");
  await expect(unmet).rejects.toMatchObject({ code: "import-unmet" });
  const unlinked = run(PRICES, "of", "tea");
  await expect(unlinked).rejects.toMatchObject({ code: "link-missing" });

  expect(entries.map(({ fields }) => fields)).toMatchObject([
    { instance: KEYVALUE, func: "unheard-of", code: "import-unmet" },
    { instance: PRICES, func: "of", link: "default", code: "link-missing" },
  ]);
});
