/**
 * `npm run test:interop`: code that is not this project's speaks with its nodes on a real nats-server.
 *
 * Says which toolchains it found, builds the peers that can be built, runs them, and ends with one line:
 * `N passed, N failed, N not run`. A peer whose toolchain is missing or whose build fails is not run, with the reason,
 * and never counts as passed. Words after the command choose peers by their names.
 */
import { createLifetime } from "../../src/cli/lifetime.ts";
import { NATS_SERVER } from "../../src/cli/nats-server.ts";
import { bring, thisMachine } from "../../src/cli/tools.ts";
import { messageOf } from "../../src/core/error.ts";
import { run, vitest, type Runner } from "../support/runners.ts";
import { TOOLCHAINS, versionOf, type Toolchain } from "./support/toolchains.ts";

interface Peer {
  /** Its tests are `NAME.test.ts` beside this file. */
  readonly name: string;
  readonly toolchains: readonly Toolchain[];
}

const PEERS: readonly Peer[] = [
  { name: "rust-wrpc", toolchains: [TOOLCHAINS.RUST] },
  { name: "rust-provider", toolchains: [TOOLCHAINS.RUST] },
  { name: "rust-capabilities", toolchains: [TOOLCHAINS.RUST] },
  { name: "rust-wash", toolchains: [TOOLCHAINS.RUST] },
  { name: "rust-wasmbus", toolchains: [TOOLCHAINS.WASMBUS] },
  { name: "go-wrpc", toolchains: [TOOLCHAINS.GO] },
  { name: "go-protojson", toolchains: [TOOLCHAINS.GO] },
  { name: "go-operator", toolchains: [TOOLCHAINS.GO] },
  { name: "nats-cli", toolchains: [TOOLCHAINS.NATS_CLI] },
  { name: "npm-lattice-client", toolchains: [TOOLCHAINS.NPM_PACKAGES] },
  { name: "npm-webpack", toolchains: [] },
  { name: "wasmbus-wash", toolchains: [TOOLCHAINS.WASMBUS] },
  { name: "wasmbus-tab", toolchains: [TOOLCHAINS.WASMBUS] },
  { name: "tab", toolchains: [TOOLCHAINS.RUST, TOOLCHAINS.GO] },
];

const NAMES = PEERS.map(({ name }) => name).join(", ");

async function main(words: readonly string[]): Promise<void> {
  const unknown = words.filter((word) => PEERS.every(({ name }) => !name.includes(word)));
  if (unknown.length > 0) throw new Error(`no peer is called ${unknown.join(", ")}: ${NAMES}`);
  const chosen = PEERS.filter(
    ({ name }) => words.length === 0 || words.some((word) => name.includes(word)),
  );
  const signal = createLifetime();
  console.log(
    `nats-server: ${bring(
      NATS_SERVER,
      thisMachine((line) => console.log(line)),
    )}`,
  );
  const obstacles = await buildAll(new Set(chosen.flatMap(({ toolchains }) => toolchains)));

  const total = { passed: 0, failed: 0 };
  const notRun: string[] = [];
  for (const { name, toolchains } of chosen) {
    const obstacle = toolchains
      .map((each) => obstacles.get(each))
      .find((each) => each !== undefined);
    if (obstacle === undefined) {
      // oxlint-disable-next-line no-await-in-loop -- they share the machine
      const { passed, failed } = await run(testsOf(name), signal);
      total.passed += passed;
      total.failed += failed;
    } else notRun.push(`${name}: ${obstacle}`);
  }

  for (const line of notRun) console.log(`not run: ${line}`);
  const rest = notRun.length === 0 ? "" : `, ${notRun.length} not run`;
  console.log(`${total.passed} passed, ${total.failed} failed${rest}`);
  process.exitCode = total.failed === 0 ? 0 : 1;
}

/** Builds with each; gives what kept those that could not. */
async function buildAll(
  toolchains: ReadonlySet<Toolchain>,
): Promise<ReadonlyMap<Toolchain, string>> {
  const obstacles = new Map<Toolchain, string>();
  for (const toolchain of toolchains) {
    const version = versionOf(toolchain);
    console.log(`${toolchain.name}: ${version ?? "not found"}`);
    if (version === undefined) {
      obstacles.set(toolchain, `${toolchain.version[0]} is not installed`);
      continue;
    }
    const started = performance.now();
    try {
      // oxlint-disable-next-line no-await-in-loop -- each takes all cores
      await toolchain.build();
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(`== ${toolchain.name} peers are built, ${seconds} s`);
    } catch (error) {
      obstacles.set(toolchain, messageOf(error));
    }
  }
  return obstacles;
}

function testsOf(name: string): Runner {
  const whole = vitest("interop");
  const file = `test/interop/${name}.test.ts`;
  return { ...whole, name, command: (report) => [...whole.command(report), file] };
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(messageOf(error));
  console.log("0 passed, 1 failed");
  process.exitCode = 1;
});
