/** `npm start`: a NATS server and the page on one port, until a signal ends them. */
import { LatticeError, messageOf } from "../core/error.ts";
import { readStartArguments, START_USAGE, type StartOptions } from "./arguments.ts";
import { refreshDist } from "./freshness.ts";
import { openLattice } from "./lattice.ts";
import { createLifetime } from "./lifetime.ts";
import { DATA, DIST } from "./project.ts";
import type { Addresses } from "./running.ts";
import { thisMachine } from "./tools.ts";

const say = (line: string): void => console.error(line);

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help")) {
    say(START_USAGE);
    return 0;
  }
  const options = readStartArguments(args);
  const signal = createLifetime();
  try {
    await refreshDist(say, signal);
    const machine = thisMachine(say);
    await using lattice = await openLattice({ options, dist: DIST, data: DATA, machine, signal });
    const { addresses } = lattice;
    console.log(options.json ? JSON.stringify(addresses) : describe(addresses, options));
    const why = await Promise.race([aborted(signal), lattice.ended]);
    if (signal.aborted) return 0;
    say(why);
    return 1;
  } catch (error) {
    if (signal.aborted) return 0; // asked to end before everything was up
    throw error;
  }
}

function describe(
  { page, nats, wsDirect, workloads }: Addresses,
  { servers, lattice }: StartOptions,
): string {
  const tcp = nats === null ? undefined : new URL(nats);
  const at = servers === undefined ? "" : ` --servers ${servers.href}`;
  const name = lattice === "default" ? "" : ` --lattice ${lattice}`;
  return [
    `page   ${page}`,
    tcp === undefined
      ? `nats   ${wsDirect ?? "none"}`
      : `nats   ${nats}   (wash: --ctl-host ${tcp.hostname} --ctl-port ${tcp.port})`,
    ...(workloads === null ? [] : [`http   ${workloads}   (workloads of v2, by Host)`]),
    "call   with the page open:",
    `       npm run call -- hello inlay:demo/greeter.greet '"you"' --wit public/demo/hello.wit${at}${name}`,
  ].join("\n");
}

function aborted(signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    const end = (): void => resolve(String(signal.reason));
    if (signal.aborted) end();
    signal.addEventListener("abort", end, { once: true });
  });
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    say(`npm start: ${messageOf(error)}`);
    const misused = error instanceof LatticeError && error.code === "bad-input";
    if (misused) say(START_USAGE);
    process.exit(misused ? 2 : 1);
  },
);
