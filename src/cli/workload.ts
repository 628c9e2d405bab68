/** `npm run workload`: workloads of wasmCloud v2 on hosts of it, without an operator. */
import { readFileSync } from "node:fs";

import type { Bus } from "../core/bus.ts";
import { asLatticeError, LatticeError, messageOf } from "../core/error.ts";
import type { WireState, WireStatus } from "../dialects/v2/schema.ts";
import { parseStrictly } from "./arguments.ts";
import { machineClock, openClientBus } from "./lattice-client.ts";
import { DATA } from "./project.ts";
import { whereTo } from "./running.ts";
import { askOn, heardHosts, isToken, misfit, startOn } from "./workload-hosts.ts";
import { type Manifest, type Placement, readManifest } from "./workload-manifest.ts";

const USAGE = `npm run workload -- start|status|stop FILE [options]
  FILE             a manifest in YAML or JSON: a WorkloadDeployment or Workload, with the ConfigMaps, Secrets and
                   Artifacts that it names as further documents, or a request to start as it goes over the wire
  --host ID        the host to ask; default: for start, the first that its manifest fits, else the one that has it
  --id ID          id of the workload; default: made of its namespace and name
  --servers URL    NATS server (nats://, tls://, ws:// or wss://; default: that of the npm start that runs)
  --timeout MS     how long all of it may take (default 120000)
  --json           print one line of JSON for each workload`;

const COMMANDS = ["start", "status", "stop"] as const;
type Command = (typeof COMMANDS)[number];

/** A start is not over while it lasts; it is looked at this often. */
const LOOK_MS = 1000;

interface Asked {
  readonly command: Command;
  readonly file: string;
  readonly host: string | undefined;
  readonly id: string | undefined;
  readonly servers: string | undefined;
  readonly timeoutMs: number;
  readonly json: boolean;
}

interface Outcome extends WireStatus {
  readonly host: string;
  readonly name: string;
}

/** What each command is done with. */
const GOOD: Readonly<Record<Command, readonly WireState[]>> = {
  start: ["WORKLOAD_STATE_RUNNING", "WORKLOAD_STATE_COMPLETED"],
  status: ["WORKLOAD_STATE_RUNNING", "WORKLOAD_STATE_COMPLETED", "WORKLOAD_STATE_STARTING"],
  stop: ["WORKLOAD_STATE_STOPPING", "WORKLOAD_STATE_NOT_FOUND"],
};

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help")) {
    console.error(USAGE);
    return 0;
  }
  const asked = readArguments(args);
  const manifest = named(readManifest(readFile(asked.file)), asked.id);
  const { server } = whereTo({ servers: asked.servers, lattice: undefined }, DATA);
  const lifetime = new AbortController();
  const { signal } = lifetime;
  machineClock.after(asked.timeoutMs, () =>
    lifetime.abort(new LatticeError("deadline", `not done within ${asked.timeoutMs} ms`)),
  );
  const bus = await openClientBus({
    server,
    name: "inlay workload",
    connectTimeoutMs: asked.timeoutMs,
    signal,
  });
  const outcomes =
    asked.command === "start"
      ? await start(bus, manifest, asked.host, signal)
      : await forEach(bus, manifest, asked.command, asked.host, signal);
  for (const outcome of outcomes) console.log(asked.json ? JSON.stringify(outcome) : line(outcome));
  await bus.drain();
  const good = GOOD[asked.command];
  return outcomes.every(({ workloadState }) => good.includes(workloadState)) ? 0 : 1;
}

function line({ name, workloadState, message, host, workloadId }: Outcome): string {
  const state = workloadState.replace("WORKLOAD_STATE_", "");
  // Hosts are strangers, and a terminal obeys what it is sent.
  return `${name}  ${state}  ${message}  (workload ${workloadId}, host ${host})`.replaceAll(
    /\p{Cc}/gu,
    " ",
  );
}

/** Puts each placement on a host that fits; on one of its own while there are enough. */
async function start(
  bus: Bus,
  manifest: Manifest,
  host: string | undefined,
  signal: AbortSignal,
): Promise<readonly Outcome[]> {
  const { placements } = manifest;
  const hosts =
    host === undefined ? await findHosts(bus, manifest, placements.length, signal) : [host];
  return Promise.all(
    placements.map(async (placement, index) => {
      const chosen = hosts[index % hosts.length] ?? "";
      const status = await startOn(bus, chosen, placement, signal);
      return outcome(placement, chosen, await ready(bus, chosen, placement, status, signal));
    }),
  );
}

/** A host may say that it is still at it. */
async function ready(
  bus: Bus,
  host: string,
  { id }: Placement,
  status: WireStatus,
  signal: AbortSignal,
): Promise<WireStatus> {
  let latest = status;
  while (latest.workloadState === "WORKLOAD_STATE_STARTING") {
    // oxlint-disable-next-line no-await-in-loop -- nobody tells when it is ready: it has to be asked
    await new Promise<void>((resolve) => machineClock.after(LOOK_MS, resolve));
    // oxlint-disable-next-line no-await-in-loop -- as above
    latest = await askOn(bus, host, "status", id, signal);
  }
  return latest;
}

async function findHosts(
  bus: Bus,
  manifest: Manifest,
  most: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const found: string[] = [];
  const others: string[] = [];
  for await (const host of heardHosts(bus, signal)) {
    const reason = misfit(host, manifest);
    if (reason === undefined) found.push(host.id);
    else others.push(`${host.friendlyName}: ${reason}`);
    if (found.length === most) break;
  }
  if (found.length > 0) return found;
  const met = others.length === 0 ? "no host was heard of" : others.join("; ");
  throw new LatticeError("not-found", `no host fits: ${met}`);
}

/** Asks the host that was named, or all that are heard of until each placement was found. */
async function forEach(
  bus: Bus,
  { placements }: Manifest,
  command: "status" | "stop",
  host: string | undefined,
  signal: AbortSignal,
): Promise<readonly Outcome[]> {
  const missing = new Set(placements);
  const outcomes: Outcome[] = [];
  const look = async (each: string): Promise<void> => {
    const asked = [...missing].map(async (placement) => {
      const status = await askOn(bus, each, "status", placement.id, signal).catch(
        (cause: unknown) => {
          // One that is silent, or going away, has none of them.
          if (host !== undefined || signal.aborted) throw cause;
          if (!["not-served", "deadline"].includes(asLatticeError(cause).code)) throw cause;
          return undefined;
        },
      );
      if (status === undefined || status.workloadState === "WORKLOAD_STATE_NOT_FOUND") return;
      missing.delete(placement);
      const latest =
        command === "stop" ? await askOn(bus, each, "stop", placement.id, signal) : status;
      outcomes.push(outcome(placement, each, latest));
    });
    await Promise.all(asked);
  };
  if (host !== undefined) await look(host);
  else {
    for await (const { id } of heardHosts(bus, signal)) {
      // oxlint-disable-next-line no-await-in-loop -- one host after the other
      await look(id);
      if (missing.size === 0) break;
    }
  }
  const absent = [...missing].map((placement) =>
    outcome(placement, host ?? "none", {
      workloadId: placement.id,
      workloadState: "WORKLOAD_STATE_NOT_FOUND",
      message:
        host === undefined ? "no host that was heard of has it" : "this host does not have it",
    }),
  );
  return [...outcomes, ...absent];
}

function outcome({ workload }: Placement, host: string, status: WireStatus): Outcome {
  return { ...status, host, name: workload.name ?? "" };
}

function named(manifest: Manifest, id: string | undefined): Manifest {
  if (id === undefined) return manifest;
  const [only, ...others] = manifest.placements;
  if (only === undefined || others.length > 0) {
    throw new LatticeError(
      "bad-input",
      `--id names one workload, and the manifest has ${manifest.placements.length} replicas`,
    );
  }
  return { ...manifest, placements: [{ ...only, id }] };
}

/** @throws {LatticeError} `bad-input` */
function readArguments(args: readonly string[]): Asked {
  const { values, positionals } = parseStrictly({
    args: [...args],
    allowPositionals: true,
    options: {
      host: { type: "string" },
      id: { type: "string" },
      servers: { type: "string" },
      timeout: { type: "string" },
      json: { type: "boolean" },
    },
  });
  const [given, file, ...others] = positionals;
  const command = COMMANDS.find((each) => each === given);
  if (command === undefined || file === undefined || others.length > 0) {
    throw new LatticeError("bad-input", "start, status or stop is wanted, and one file");
  }
  if (values.host !== undefined && !isToken(values.host)) {
    throw new LatticeError("bad-input", `--host "${values.host}" is no id of a host`);
  }
  const timeoutMs = Number(values.timeout ?? 120_000);
  if (!(timeoutMs > 0 && timeoutMs < 2 ** 31)) {
    throw new LatticeError("bad-input", `--timeout "${values.timeout}" must be milliseconds`);
  }
  return {
    command,
    file,
    host: values.host,
    id: values.id,
    servers: values.servers,
    timeoutMs,
    json: values.json ?? false,
  };
}

function readFile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new LatticeError("bad-input", `${file} cannot be read`, { cause });
  }
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    const code = error instanceof LatticeError ? error.code : "internal";
    console.error(`${code}: ${messageOf(error)}`);
    if (code === "bad-input") console.error(USAGE);
    process.exit(code === "bad-input" ? 2 : 1);
  },
);
