/** Volumes against a model that has no blocks, no entries and nothing open. */
import fc from "fast-check";
import { expect, test } from "vitest";

import type { Asking } from "../../../support/files.ts";
import type { Outcome, Path, Step } from "../../../support/file-model.ts";

import { createVolumes } from "../../../../src/runtime/files/volumes.ts";
import { createFileModel } from "../../../support/file-model.ts";
import { asking, mounted } from "../../../support/files.ts";

const LIMIT = { bytes: 200_000, entries: 12 };

const path = fc
  .oneof(
    { weight: 3, arbitrary: fc.array(fc.constantFrom("a", "b"), { minLength: 1, maxLength: 1 }) },
    {
      weight: 2,
      arbitrary: fc.array(fc.constantFrom("a", "b", "c"), { minLength: 2, maxLength: 3 }),
    },
  )
  .map((names) => names.join("/"));
const bytes = fc.array(fc.integer({ min: 1, max: 255 }), { maxLength: 6 });
/** Around the ends of blocks as well. */
const offset = fc.oneof(
  fc.nat(8),
  fc.integer({ min: 65_530, max: 65_540 }),
  fc.integer({ min: 131_070, max: 131_080 }),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ op: fc.constant("write" as const), path, at: offset, bytes }),
  fc.record({ op: fc.constant("append" as const), path, bytes }),
  fc.record({ op: fc.constant("resize" as const), path, size: offset }),
  fc.record({ op: fc.constantFrom("create" as const, "mkdir" as const), path }),
  fc.record({ op: fc.constantFrom("rmdir" as const, "unlink" as const), path }),
  fc.record({ op: fc.constantFrom("rename" as const, "link" as const), path, to: path }),
);

/** Does the step as a guest would, with files that are open no longer than that. */
function apply({ ask, files }: Asking, given: Step): Outcome {
  const within = (run: (file: number) => unknown): Outcome => {
    const opened = ask("open", 0, given.path, { create: true }, { write: true });
    if (typeof opened === "string") return opened;
    const outcome = run(opened.file);
    files.close(opened.file);
    return outcomeOf(outcome);
  };
  if (given.op === "write") {
    return within((file) => ask("write", file, Uint8Array.from(given.bytes), given.at));
  }
  if (given.op === "append") {
    return within((file) => ask("append", file, Uint8Array.from(given.bytes)));
  }
  if (given.op === "resize") return within((file) => ask("resize", file, given.size));
  if (given.op === "mkdir") return outcomeOf(ask("makeDirectory", 0, given.path));
  if (given.op === "rmdir") return outcomeOf(ask("removeDirectory", 0, given.path));
  if (given.op === "unlink") return outcomeOf(ask("unlink", 0, given.path));
  if (given.op === "rename" || given.op === "link") {
    return outcomeOf(ask(given.op, 0, given.path, 0, given.to));
  }
  const created = ask("open", 0, given.path, { create: true, exclusive: true }, { write: true });
  if (typeof created === "string") return created;
  files.close(created.file);
  return "ok";
}

function outcomeOf(given: unknown): Outcome {
  return typeof given === "string" ? (given as Outcome) : "ok";
}

/** All that is there, as the model has it. */
function walk(
  guest: Asking,
  directory: number,
  above: Path,
): readonly (readonly [Path, readonly number[] | undefined])[] {
  const { get, open, files } = guest;
  return get("list", directory, 0).entries.flatMap(({ name, type }) => {
    const at = above === "" ? name : `${above}/${name}`;
    const file = open(name, {}, { read: true }, directory);
    const size = Number(get("stat", file).size);
    const found =
      type === "directory"
        ? ([[at, undefined], ...walk(guest, file, at)] as const)
        : ([[at, [...get("read", file, size, 0)[0]]]] as const);
    files.close(file);
    return [...found];
  });
}

test("a volume is what the model is after any steps, and counts what it holds", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const model = createFileModel(LIMIT);
      const volumes = createVolumes(() => 0, { volume: LIMIT, host: LIMIT });
      const volume = volumes.open("data");
      const guest = asking(mounted([{ path: "/data", readOnly: false, volume }]));

      for (const each of steps)
        expect([each, apply(guest, each)]).toEqual([each, model.apply(each)]);

      const all = walk(guest, 0, "").toSorted(([a], [b]) => (a < b ? -1 : 1));
      expect(all).toEqual(model.all);
      expect(volume.used).toEqual({ bytes: model.bytes, entries: model.all.length });
      expect(volumes.used).toEqual(volume.used);
    }),
    { numRuns: 400 },
  );
});
