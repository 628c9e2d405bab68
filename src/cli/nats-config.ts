/** `npm run nats-config`: the configuration of a nats-server that lets one node do what it needs, and nothing else. */
import { LatticeError, messageOf } from "../core/error.ts";
import { entityId, hostId, latticeId } from "../core/ids.ts";
import { parseStrictly } from "./arguments.ts";
import { serverText, userText, type User } from "./nats-config-text.ts";
import {
  bucketsOf,
  type Generation,
  type PermissionOptions,
  permissionsOf,
} from "./permissions.ts";

const NATS_CONFIG_USAGE = `npm run nats-config -- --nkey U… [options]
  --nkey U…          public key of the node's user ("This browser’s key" of the page shows it)
  --user NAME        instead: a user whose password the server reads from INLAY_TAB_PASSWORD
  --host N…          host id of the node (the page shows it)
  --any-host         instead: any; then tabs hear each other's answers, and commands for others
  --lattice NAME     default "default"
  --dialects v1,v2   default v1
  --serve a,b        ids of components and providers that it may serve; default any
  --call a,b         ids that it may call; default any; "" for none
  --write            it may change links, configuration and claims
  --share            it may answer for the whole lattice where no native host does
  --observe          it may see who else is in the lattice (the page's topology)
  --providers        it may run providers in the page, of the ids of --serve
  --resources        its components may export resources
  --images           it may read components that the lattice keeps (npm run push)
  --operator-id ID   of v2: its name for the operator; default the one that is made of the host id
  --domain NAME      JetStream domain of what the lattice keeps, for leaf nodes
  --origin URL       where its page comes from; repeats; default: the server's own address
  --tls-cert FILE    certificate chain of the WebSocket listener in PEM
  --tls-key FILE     its private key in PEM; without both, something in front has to speak TLS
  --port N           of the WebSocket listener (default 443 with TLS, else 4223)
  --user-only        print only the entry of the user, for a server that has a configuration`;

const GENERATIONS: Readonly<Partial<Record<string, Generation>>> = { v0: "v0", v1: "v1", v2: "v2" };

function main(args: readonly string[]): void {
  if (args.includes("--help")) {
    console.error(NATS_CONFIG_USAGE);
    return;
  }
  console.log(configFor(args));
}

/** @throws {LatticeError} `bad-input` */
function configFor(args: readonly string[]): string {
  const { values } = parseStrictly({
    args: [...args],
    options: {
      nkey: { type: "string" },
      user: { type: "string" },
      host: { type: "string" },
      "any-host": { type: "boolean" },
      lattice: { type: "string" },
      dialects: { type: "string" },
      serve: { type: "string" },
      call: { type: "string" },
      write: { type: "boolean" },
      share: { type: "boolean" },
      observe: { type: "boolean" },
      providers: { type: "boolean" },
      resources: { type: "boolean" },
      images: { type: "boolean" },
      "operator-id": { type: "string" },
      domain: { type: "string" },
      origin: { type: "string", multiple: true },
      "tls-cert": { type: "string" },
      "tls-key": { type: "string" },
      port: { type: "string" },
      "user-only": { type: "boolean" },
    },
  });
  const dialects = names(values.dialects ?? "v1").map(generation);
  const user = userOf(values.nkey, values.user);
  if ((values.host === undefined) !== (values["any-host"] === true)) {
    throw new LatticeError("bad-input", "--host N… or --any-host is wanted, and not both");
  }
  if (values.providers === true && values.serve === undefined) {
    throw new LatticeError("bad-input", "--providers wants their ids: --serve a,b");
  }
  const options: PermissionOptions = {
    lattice: latticeId(values.lattice ?? "default"),
    host: values.host === undefined ? undefined : hostId(values.host),
    dialects,
    serves: values.serve === undefined ? undefined : names(values.serve).map(entityId),
    calls: values.call === undefined ? undefined : names(values.call).map(entityId),
    writes: values.write ?? false,
    shares: values.share ?? false,
    observes: values.observe ?? false,
    providers: values.providers ?? false,
    resources: values.resources ?? false,
    images: values.images ?? false,
    operatorId:
      values["operator-id"] === undefined
        ? undefined
        : token("--operator-id", values["operator-id"]),
    domain: values.domain === undefined ? undefined : token("--domain", values.domain),
  };
  const permissions = permissionsOf(options);
  if (values["user-only"] === true) return userText({ user, permissions });
  const tls = tlsOf(values["tls-cert"], values["tls-key"]);
  return serverText({
    user,
    permissions,
    buckets: bucketsOf(options),
    origins: (values.origin ?? []).map(origin),
    tls,
    websocketPort: port(values.port ?? (tls === undefined ? "4223" : "443")),
  });
}

function userOf(nkey: string | undefined, name: string | undefined): User {
  if (nkey !== undefined && name !== undefined) {
    throw new LatticeError(
      "bad-input",
      "--nkey and --user are two ways to say who the node is: give one",
    );
  }
  if (name !== undefined) return { name };
  if (nkey === undefined) throw new LatticeError("bad-input", "--nkey U… or --user NAME is wanted");
  // A seed is not repeated.
  if (nkey.startsWith("S"))
    throw new LatticeError("bad-input", "--nkey has a seed: give the public key, U…");
  if (/^U[A-Z2-7]{55}$/.test(nkey)) return { nkey };
  throw new LatticeError(
    "bad-input",
    `--nkey "${nkey}" is no user's public key: U and 55 letters or digits`,
  );
}

function names(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((name) => name !== "");
}

function generation(name: string): Generation {
  const known = GENERATIONS[name];
  if (known !== undefined) return known;
  throw new LatticeError("bad-input", `--dialects "${name}" is none: v0, v1 and v2 are`);
}

function token(option: string, text: string): string {
  if (/^[-_a-z\d]+$/i.test(text)) return text;
  throw new LatticeError("bad-input", `${option} "${text}" must be letters, digits, - and _`);
}

function origin(text: string): string {
  if (URL.canParse(text) && new URL(text).origin === text) return text;
  throw new LatticeError(
    "bad-input",
    `--origin "${text}" must be of the form https://page.example`,
  );
}

function tlsOf(
  certFile: string | undefined,
  keyFile: string | undefined,
): { readonly certFile: string; readonly keyFile: string } | undefined {
  if (certFile === undefined && keyFile === undefined) return undefined;
  if (certFile !== undefined && keyFile !== undefined) return { certFile, keyFile };
  throw new LatticeError("bad-input", "--tls-cert and --tls-key go together");
}

function port(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0 && value < 65_536) return value;
  throw new LatticeError("bad-input", `--port "${text}" must be a number from 1 to 65535`);
}

try {
  main(process.argv.slice(2));
} catch (error) {
  const code = error instanceof LatticeError ? error.code : "internal";
  console.error(`${code}: ${messageOf(error)}`);
  if (code === "bad-input") console.error(NATS_CONFIG_USAGE);
  process.exitCode = code === "bad-input" ? 2 : 1;
}
