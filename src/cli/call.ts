/** `npm run call`: one call into the lattice from Node, its result printed as a value. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";

import { LatticeError, messageOf } from "../core/error.ts";
import { asWhole, flowingArgs } from "../wire/value-whole.ts";
import { formatWave } from "../wire/wave-format.ts";
import {
  CALL_USAGE,
  readCallArguments,
  readValues,
  typesFrom,
  typesOfWash,
} from "./call-arguments.ts";
import { machineClock, openLatticeClient } from "./lattice-client.ts";
import { DATA } from "./project.ts";
import { whereTo } from "./running.ts";

async function main(args: readonly string[]): Promise<void> {
  if (args.includes("--help")) {
    console.error(CALL_USAGE);
    return;
  }
  const asked = readCallArguments(args);
  const { operation, texts, witFile } = asked;
  const typed =
    witFile === undefined ? typesOfWash(operation, texts) : typesFrom(readWit(witFile), operation);
  const values = flowingArgs(typed.type, readValues(typed, texts));
  const { instance, func } = typed.operation;
  const world = {
    imports: new Map(),
    exports: new Map([[instance, new Map([[func, typed.type]])]]),
  };
  const { server, lattice } = whereTo(asked, DATA);
  const lifetime = new AbortController();
  const client = await openLatticeClient({
    server,
    lattice,
    name: "inlay call",
    connectTimeoutMs: asked.timeoutMs,
    signal: lifetime.signal,
  });
  const late = `no result of ${asked.target} within ${asked.timeoutMs} ms`;
  machineClock.after(asked.timeoutMs, () => lifetime.abort(new LatticeError("deadline", late)));
  const [result] = await client.reach(asked.target, world).invoke({
    id: randomUUID(),
    source: undefined,
    target: asked.target,
    link: "default",
    instance,
    func,
    args: values,
    trace: new Map(),
    signal: lifetime.signal,
  });
  const type = typed.type.result;
  const whole = type && (await asWhole(type, result));
  // What was sent last, the end of the parameters, has left when the server has answered this.
  await client.bus.drain();
  if (type !== undefined) {
    await print(asked.json ? JSON.stringify(whole, asJson) : formatWave(whole, type));
  }
}

function readWit(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new LatticeError("bad-input", `--wit ${file} cannot be read`, { cause });
  }
}

/** Resolves when all of it was written: the process ends afterwards, and a pipe takes only so much at once. */
function print(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(`${text}\n`, (error) => (error ? reject(error) : resolve()));
  });
}

/** JSON has neither bytes nor 64-bit integers. */
function asJson(_: string, value: unknown): unknown {
  if (typeof value === "bigint") {
    return Number.isSafeInteger(Number(value)) ? Number(value) : `${value}`;
  }
  return value instanceof Uint8Array ? [...value] : (value ?? null);
}

main(process.argv.slice(2)).then(
  () => process.exit(0),
  (error: unknown) => {
    const code = error instanceof LatticeError ? error.code : "internal";
    console.error(`${code}: ${messageOf(error)}`);
    if (code === "bad-input") console.error(CALL_USAGE);
    process.exit(code === "bad-input" ? 2 : 1);
  },
);
