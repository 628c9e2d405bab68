/** Speaks NATS through the gateway to the server that is named as argument, and prints what it heard. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { readStartArguments } from "../../../src/cli/arguments.ts";
import { openLattice } from "../../../src/cli/lattice.ts";
import { thisMachine } from "../../../src/cli/tools.ts";
import { speakNats } from "./nats-client.ts";

async function main(server: string): Promise<void> {
  const data = mkdtempSync(join(tmpdir(), "inlay-tls-"));
  try {
    await using lattice = await openLattice({
      options: readStartArguments(["--port", "0", "--servers", server]),
      dist: data,
      data,
      machine: thisMachine((line) => console.error(line)),
      signal: new AbortController().signal,
    });
    console.log(JSON.stringify(await speakNats(lattice.addresses.ws)));
  } finally {
    rmSync(data, { recursive: true });
  }
}

void main(process.argv[2] ?? ""); // a failure ends the process with code 1, which the test sees
