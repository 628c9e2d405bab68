/** Names that stay keep nothing else alive. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { expect, test } from "vitest";

import { createVolumes } from "../../../../src/runtime/files/volumes.ts";
import { asking, mounted } from "../../../support/files.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const FILES = 4000;

function heapBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

test("a name does not keep the long path that it came with", () => {
  const volume = createVolumes(() => 0).open("data");
  const guest = asking(mounted([{ path: "/data", readOnly: false, volume }]));
  const before = heapBytes();

  for (let made = 0; made < FILES; made++) {
    // As from a message: one flat string.
    const path = Buffer.from(`${"./".repeat(2000)}a-name-of-some-length-${made}`).toString();
    guest.get("makeDirectory", 0, path);
  }

  // Paths would be 16 MB.
  expect(heapBytes() - before).toBeLessThan(FILES * 2000);
  expect(volume.used.entries).toBe(FILES);
});
