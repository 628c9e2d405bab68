/** Files of an instance: they end with it, however it ends, and not before. */
import { expect, test } from "vitest";

import { LatticeError } from "../../../../src/core/error.ts";
import { FILES } from "../../../../src/channels/files.ts";
import { entityId } from "../../../../src/core/ids.ts";
import { createVolumes } from "../../../../src/runtime/files/volumes.ts";
import { createGuestLife } from "../../../../src/runtime/guest-life.ts";
import { createGuestRun } from "../../../../src/runtime/guest-run.ts";
import { recordLog } from "../../../support/log-recorder.ts";
import { mounted } from "../../../support/files.ts";
import { realClock } from "../../../support/real-clock.ts";

const nobody = { invoke: () => Promise.reject(new LatticeError("link-missing", "nobody")) };

function openRun(kept: boolean) {
  const volume = createVolumes(() => 0).open("data");
  const files = mounted([{ path: "/data", readOnly: false, volume }]);
  const { log } = recordLog();
  const parts = {
    setup: { name: "guest", imports: new Map() },
    world: { imports: new Map(), exports: new Map() },
    imports: nobody,
    files,
    clock: realClock,
    release: () => undefined,
    log,
  };
  const call = {
    id: "call",
    source: undefined,
    target: entityId("guest"),
    link: "default",
    instance: "a:b/c",
    func: "run",
    args: [],
    trace: new Map(),
    signal: new AbortController().signal,
  };
  const life = createGuestLife(nobody, files);
  const run = createGuestRun(1, call, parts, kept ? { number: 1, life } : undefined);
  const ask = async (func: string, ...args: unknown[]): Promise<unknown> =>
    (await run.import({ instance: FILES, func, args }))[0];
  return { volume, run, ask };
}

/** Leaves a file open that has no name any more: its bytes count as long as it is open. */
async function hoard({ ask }: Pick<ReturnType<typeof openRun>, "ask">): Promise<void> {
  await ask("open", 0, "a", { create: true }, { write: true });
  await ask("write", 1, new Uint8Array(100), 0);
  await ask("unlink", 0, "a");
}

test.each([
  ["well", undefined],
  ["badly", new LatticeError("guest-trapped", "it trapped")],
])("what a call has open is closed when it ends %s", async (_, reason) => {
  const { volume, run, ask } = openRun(false);
  await hoard({ ask });
  const before = volume.used.bytes;

  run.close(reason);

  expect([before, volume.used.bytes]).toEqual([100, 0]);
});

test("an instance that is kept has its files open after a good end, and not after a bad one", async () => {
  const { volume, run, ask } = openRun(true);
  await hoard({ ask });

  run.close();
  const between = volume.used.bytes;
  run.close(new LatticeError("guest-trapped", "it trapped"));

  expect([between, volume.used.bytes]).toEqual([100, 0]);
});

test("what the worker says is closed is closed, and what it asks besides is denied", async () => {
  const { volume, run, ask } = openRun(false);
  await hoard({ ask });

  run.hear({ tag: "close", file: 1 });
  run.hear({ tag: "close", file: 0 });
  run.hear({ tag: "close", file: 77 });

  expect(volume.used.bytes).toBe(0);
  await expect(ask("stat", 1)).rejects.toMatchObject({ code: "denied" });
  await expect(ask("stat", 0)).resolves.toMatchObject({ tag: "ok" });
  await expect(ask("format")).rejects.toMatchObject({ code: "denied" });
});

test.each([false, true])(
  "a call that is closed asks nothing more of files (kept: %s)",
  async (kept) => {
    const { volume, run, ask } = openRun(kept);
    await hoard({ ask });

    run.close(new LatticeError("aborted", "nobody waits"));

    await expect(ask("open", 0, "b", { create: true }, { write: true })).rejects.toMatchObject({
      code: "aborted",
    });
    expect(volume.used).toEqual({ bytes: 0, entries: 0 });
  },
);
