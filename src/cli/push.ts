/** `npm run push`: a component into the lattice's store of images, for hosts that cannot fetch it themselves. */
import { existsSync, readFileSync } from "node:fs";

import { LatticeError, messageOf } from "../core/error.ts";
import { latticeId, type Digest, type LatticeId } from "../core/ids.ts";
import { createLog } from "../core/log.ts";
import { imageObject, imagesStore } from "../core/objects.ts";
import type { RegistryCredentials } from "../core/registry.ts";
import { fetchImage } from "../runtime/images.ts";
import { pullImage } from "../runtime/oci.ts";
import type { OciReference } from "../runtime/oci-reference.ts";
import { parseReference, type FileReference } from "../runtime/reference.ts";
import { sha256 } from "../runtime/sha256.ts";
import { componentWorld } from "../wire/component-types.ts";
import { parseStrictly } from "./arguments.ts";
import { machineClock, openLatticeClient } from "./lattice-client.ts";
import { DATA } from "./project.ts";
import { whereTo } from "./running.ts";

const PUSH_USAGE = `npm run push -- FILE|REFERENCE [options]
  FILE             a component in a file of this machine
  REFERENCE        an https address, or an image in an OCI registry (its credentials: INLAY_REGISTRY_USER and
                   INLAY_REGISTRY_PASSWORD, or INLAY_REGISTRY_TOKEN)
  --servers URL    NATS server (nats://, tls://, ws:// or wss://; default: that of the npm start that runs)
  --lattice NAME   default: that of the npm start that runs, else "default"
  --domain NAME    JetStream domain that has the store
  --timeout MS     how long all of it may take (default 120000)
  --json           print one line of JSON instead of the reference`;

/** As much as the image proxy passes on. */
const MAX_BYTES = 256 * 1024 * 1024;

interface PushArguments {
  readonly what: string;
  readonly servers: string | undefined;
  readonly lattice: LatticeId | undefined;
  readonly domain: string | undefined;
  readonly timeoutMs: number;
  readonly json: boolean;
}

/** What is to be stored, by its digest, and the reference that leads there. */
interface Gathered {
  readonly reference: string;
  readonly component: Digest;
  readonly contents: ReadonlyMap<Digest, Uint8Array<ArrayBuffer>>;
}

async function main(args: readonly string[]): Promise<void> {
  if (args.includes("--help")) {
    console.error(PUSH_USAGE);
    return;
  }
  const asked = readArguments(args);
  const { server, lattice } = whereTo(asked, DATA);
  const lifetime = new AbortController();
  const { signal } = lifetime;
  machineClock.after(asked.timeoutMs, () =>
    lifetime.abort(new LatticeError("deadline", `not done within ${asked.timeoutMs} ms`)),
  );
  const { reference, component, contents } = await gather(asked.what, signal);
  const client = await openLatticeClient({
    server,
    lattice,
    name: "inlay push",
    connectTimeoutMs: asked.timeoutMs,
    signal,
  });
  const objects = await client.bus.objects(imagesStore(lattice), {
    signal,
    create: true,
    ...(asked.domain === undefined ? {} : { domain: asked.domain }),
  });
  let stored = 0;
  // The component before the manifest that leads to it.
  for (const [digest, bytes] of Array.from(contents).toReversed()) {
    const name = imageObject(digest);
    // oxlint-disable-next-line no-await-in-loop -- one thing after what it leads to
    if ((await objects.info(name, signal).catch(() => undefined))?.digest === digest) continue;
    // oxlint-disable-next-line no-await-in-loop -- as above
    await objects.put(name, bytes, signal);
    stored++;
    console.error(`${imagesStore(lattice)} has ${name} now, ${bytes.length} bytes`);
  }
  if (stored === 0) console.error(`${imagesStore(lattice)} has all of it already`);
  await client.bus.drain();
  const bytes = contents.get(component)?.length;
  console.log(
    asked.json ? JSON.stringify({ reference, digest: component, bytes, stored }) : reference,
  );
}

/** @throws {LatticeError} `bad-input` */
function readArguments(args: readonly string[]): PushArguments {
  const { values, positionals } = parseStrictly({
    args: [...args],
    allowPositionals: true,
    options: {
      servers: { type: "string" },
      lattice: { type: "string" },
      domain: { type: "string" },
      timeout: { type: "string" },
      json: { type: "boolean" },
    },
  });
  const [what, ...others] = positionals;
  if (what === undefined || others.length > 0) {
    throw new LatticeError("bad-input", "one file or reference is wanted");
  }
  const timeoutMs = Number(values.timeout ?? 120_000);
  if (!(timeoutMs > 0 && timeoutMs < 2 ** 31)) {
    throw new LatticeError("bad-input", `--timeout "${values.timeout}" must be milliseconds`);
  }
  return {
    what,
    servers: values.servers,
    lattice: values.lattice === undefined ? undefined : latticeId(values.lattice),
    domain: values.domain,
    timeoutMs,
    json: values.json ?? false,
  };
}

/** @throws {LatticeError} as pulling does; `bad-image` for what is no component. */
async function gather(what: string, signal: AbortSignal): Promise<Gathered> {
  const gathered = existsSync(what) ? await gatherFile(what) : await gatherReference(what, signal);
  componentWorld(gathered.contents.get(gathered.component) ?? new Uint8Array());
  return gathered;
}

async function gatherFile(path: string): Promise<Gathered> {
  const bytes = new Uint8Array(readFileSync(path));
  const component = await sha256(bytes);
  const reference = `lattice:///sha256:${component}`;
  return { reference, component, contents: new Map([[component, bytes]]) };
}

async function gatherReference(what: string, signal: AbortSignal): Promise<Gathered> {
  const reference = parseReference(what);
  switch (reference.kind) {
    case "file":
      return gatherAddress(reference, signal);
    case "oci":
      return gatherImage(reference, signal);
    case "lattice":
      throw new LatticeError("bad-input", `${what} is in the lattice, if it is anywhere`);
  }
}

async function gatherAddress(
  { address, pin }: FileReference,
  signal: AbortSignal,
): Promise<Gathered> {
  const fetched = await fetchImage(address, { clock: machineClock, signal, maxBytes: MAX_BYTES });
  if (fetched.tag === "known") throw new LatticeError("internal", "an etag nobody asked about");
  const { bytes } = fetched;
  const component = await sha256(bytes);
  if (pin !== undefined && pin !== component) {
    throw new LatticeError(
      "digest-mismatch",
      `${address} has the SHA-256 ${component}, but the reference pins ${pin}`,
    );
  }
  const reference = `${address}#sha256=${component}`;
  return { reference, component, contents: new Map([[component, bytes]]) };
}

async function gatherImage(image: OciReference, signal: AbortSignal): Promise<Gathered> {
  const contents = new Map<Digest, Uint8Array<ArrayBuffer>>();
  const credentials = fromEnvironment();
  const parts = {
    clock: machineClock,
    maxBytes: MAX_BYTES,
    credentials: async () => new Map(credentials && [[image.registry, credentials]]),
    log: createLog(
      () => machineClock.now(),
      () => undefined,
    ), // what goes wrong is thrown
    onPulled: (digest: Digest, bytes: Uint8Array<ArrayBuffer>) => void contents.set(digest, bytes),
  };
  const component = await pullImage(image, { signal }, parts, async (found) => {
    await found.fetch();
    return found.digest;
  });
  const [manifest] = contents.keys();
  const reference = `${image.registry}/${image.repository}@sha256:${manifest}`;
  return { reference, component, contents };
}

/** Not from the command line, which everybody on this machine can read. */
function fromEnvironment(): RegistryCredentials | undefined {
  const { INLAY_REGISTRY_USER, INLAY_REGISTRY_PASSWORD, INLAY_REGISTRY_TOKEN } = process.env;
  if (INLAY_REGISTRY_TOKEN !== undefined) return { token: INLAY_REGISTRY_TOKEN };
  if (INLAY_REGISTRY_USER === undefined || INLAY_REGISTRY_PASSWORD === undefined) return undefined;
  return { username: INLAY_REGISTRY_USER, password: INLAY_REGISTRY_PASSWORD };
}

main(process.argv.slice(2)).then(
  () => process.exit(0),
  (error: unknown) => {
    const code = error instanceof LatticeError ? error.code : "internal";
    console.error(`${code}: ${messageOf(error)}`);
    if (code === "bad-input") console.error(PUSH_USAGE);
    process.exit(code === "bad-input" ? 2 : 1);
  },
);
