import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { beforeAll, describe, expect, test } from "vitest";

import { refreshDist } from "../../../src/cli/freshness.ts";
import { ROOT } from "../../../src/cli/project.ts";
import type { Addresses } from "../../../src/cli/running.ts";
import { speakNats } from "./nats-client.ts";

const BUILD_MS = 180_000;
/** Signals pass through npm and tsx, and where they do not, the end of those is noticed. */
const END_MS = 30_000;

beforeAll(async () => {
  await refreshDist((line) => console.error(line), AbortSignal.timeout(BUILD_MS));
}, BUILD_MS);

interface Started extends AsyncDisposable {
  readonly npm: ChildProcess;
  readonly addresses: Addresses;
  /** Lines of stdout so far. */
  readonly lines: readonly string[];
  /** All of stderr so far. */
  stderr(): string;
}

async function npmStart(...args: readonly string[]): Promise<Started> {
  const npm = spawn("npm", ["start", "--", "--port", "0", "--json", ...args], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  npm.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const lines: string[] = [];
  const reader = createInterface(npm.stdout);
  const addresses = await new Promise<Addresses>((resolve, reject) => {
    npm.once("close", () => reject(new Error(`npm start ended: ${said}`)));
    reader.on("line", (line) => {
      lines.push(line);
      if (line.startsWith("{")) resolve(JSON.parse(line));
    });
  });
  return {
    npm,
    addresses,
    lines,
    stderr: () => said,
    async [Symbol.asyncDispose]() {
      if (npm.exitCode === null && npm.signalCode === null) {
        npm.kill("SIGTERM");
        await once(npm, "close");
      }
    },
  };
}

/** Whether something listens at the address of `url`. */
function listens(url: string | null): Promise<boolean> {
  const { hostname, port } = new URL(url ?? "");
  const socket = connect({ host: hostname, port: Number(port) });
  return new Promise((resolve) => {
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

test("npm start serves the built page, joins it to a server of its own, and has a port for workloads of v2", async () => {
  await using started = await npmStart("--lattice", "blue", "--workload-port", "0");
  const { addresses, lines } = started;

  const [page, loader, defaults, spoken, workload] = await Promise.all([
    fetch(addresses.page).then((response) => response.text()),
    fetch(`${addresses.page}inlay.js`),
    fetch(`${addresses.page}inlay.json`).then((response) => response.json()),
    speakNats(addresses.ws, { origin: addresses.page.slice(0, -1) }),
    fetch(addresses.workloads ?? "nowhere:"),
  ]);
  const { hostname, port } = new URL(addresses.workloads ?? "nowhere:");

  expect(page).toContain("<html");
  expect(loader.headers.get("content-type")).toContain("javascript");
  expect(defaults).toMatchObject({
    servers: [addresses.ws],
    lattice: "blue",
    workloads: { hostname, httpPort: Number(port) },
  });
  expect([workload.status, await workload.text()]).toEqual([404, "no workload has this Host\n"]);
  expect(spoken.pong).toBe("PONG");
  expect(addresses.nats).toMatch(/^nats:\/\/127\.0\.0\.1:\d+$/);
  expect(addresses.wsDirect).toMatch(/^ws:\/\/127\.0\.0\.1:\d+$/);
  expect(lines.filter((line) => line.startsWith("{"))).toHaveLength(1);
});

describe("all that was started ends", () => {
  test.each(["SIGTERM", "SIGINT", "SIGHUP", "SIGKILL"] as const)(
    "when npm gets %s",
    async (signal) => {
      await using started = await npmStart();
      const { nats, page, wsDirect } = started.addresses;
      const before = await Promise.all([nats, page, wsDirect].map(listens));

      started.npm.kill(signal);

      const after = (): Promise<boolean[]> => Promise.all([nats, page, wsDirect].map(listens));
      await expect.poll(after, { timeout: END_MS }).toEqual([false, false, false]);
      expect(before).toEqual([true, true, true]);
    },
  );

  test("when only the program itself is killed", async () => {
    const program = spawn(
      process.execPath,
      ["--import", "tsx", "src/cli/start.ts", "--port", "0", "--json"],
      { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] },
    );
    const [line] = await once(createInterface(program.stdout), "line");
    const { nats }: Addresses = JSON.parse(line);
    const before = await listens(nats);

    program.kill("SIGKILL");

    await expect.poll(() => listens(nats), { timeout: END_MS }).toBe(false);
    expect(before).toBe(true);
  });
});

test.each([
  { args: ["--host", "0.0.0.0"], says: "--tls-cert" },
  { args: ["--nonsense"], says: "--nonsense" },
])("$args is a mistake in use: exit code 2", async ({ args, says }) => {
  const program = spawn(process.execPath, ["--import", "tsx", "src/cli/start.ts", ...args], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  program.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));

  const [code] = await once(program, "close");

  expect(code).toBe(2);
  expect(said).toContain(says);
});

test("a variable that names no program is a mistake in use", async () => {
  const program = spawn(process.execPath, ["--import", "tsx", "src/cli/start.ts", "--port", "0"], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, INLAY_NATS_SERVER: "/nowhere/nats-server" },
  });
  let said = "";
  program.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));

  const [code] = await once(program, "close");

  expect(code).toBe(2);
  expect(said).toContain("/nowhere/nats-server");
});
