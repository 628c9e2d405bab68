/** Reads the lists that people write into attributes and form fields: labels, components, servers. */
import type { NodeOptions, OperatorOptions } from "../../core/node-options.ts";

import { LatticeError } from "../../core/error.ts";
import { isSolo } from "../../core/solo-address.ts";

type Generation = NonNullable<NodeOptions["dialects"]>[number];

const GENERATIONS: Readonly<Partial<Record<string, Generation>>> = { v0: "v0", v1: "v1", v2: "v2" };

/** A component to start once the node has joined. */
export interface ComponentSetting {
  readonly id: string;
  readonly image: string;
}

/**
 * `zone=edge, rack=7` as a record.
 *
 * @throws {LatticeError} `bad-input` for a part without a key.
 */
export function readLabels(text: string): Record<string, string> {
  const parts = text.split(/[,\n]/).map((part) => part.trim());
  return Object.fromEntries(parts.filter((part) => part !== "").map(readLabel));
}

/** @throws {LatticeError} `bad-input` unless `text` is `key=value`. */
export function readLabel(text: string): readonly [key: string, value: string] {
  const [key, value] = cut(text);
  if (key === "" || value === undefined) {
    throw new LatticeError("bad-input", `label "${text}" must be of the form key=value`);
  }
  return [key, value];
}

/**
 * `id=url id2=url2` as components; addresses may hold further `=`.
 *
 * @throws {LatticeError} `bad-input` for a part without an id or an address.
 */
export function readComponents(text: string): readonly ComponentSetting[] {
  return words(text).map(readComponent);
}

/** @throws {LatticeError} `bad-input` unless `text` is `id=reference`. */
export function readComponent(text: string): ComponentSetting {
  const [id, image] = cut(text);
  if (id === "" || image === undefined || image === "") {
    throw new LatticeError("bad-input", `component "${text}" must be of the form id=address`);
  }
  return { id, image };
}

/**
 * `v0, v1` as generations of the protocols.
 *
 * @throws {LatticeError} `bad-input` for a name that is none.
 */
export function readDialects(text: string): readonly Generation[] {
  return words(text.replaceAll(",", " ")).map((name) => {
    const known = GENERATIONS[name];
    if (known !== undefined) return known;
    throw new LatticeError("bad-input", `“${name}” is not a dialect: v0, v1 and v2 are`);
  });
}

/**
 * Public keys of clusters, apart by white space or commas. Their checksums are the node's to check.
 *
 * @throws {LatticeError} `bad-input` for what is none; never with the text, which may be a seed.
 */
export function readIssuers(text: string): readonly string[] {
  return words(text.replaceAll(",", " ")).map((key) => {
    if (/^C[A-Z2-7]{55}$/.test(key)) return key;
    const seed = /^S/i.test(key) ? "; what is there looks like a seed" : "";
    throw new LatticeError(
      "bad-input",
      `an issuer is the public key of a cluster, C and 55 letters or digits${seed}`,
    );
  });
}

/** Texts about how a node shows itself to an operator of v2. */
export type OperatorTexts = Readonly<
  Partial<Record<"hostgroup" | "environment" | "hostname" | "httpPort", string | null | undefined>>
>;

/**
 * Those options that are given; whether they can be used is the node's to check.
 *
 * @throws {LatticeError} `bad-input` for a port that is no number.
 */
export function readOperator(texts: OperatorTexts): OperatorOptions | undefined {
  const [hostGroup, environment, hostname, port] = [
    texts.hostgroup,
    texts.environment,
    texts.hostname,
    texts.httpPort,
  ].map((text) => text?.trim() || undefined);
  if (port !== undefined && !/^\d{1,5}$/.test(port)) {
    throw new LatticeError("bad-input", `port "${port}" must be a number from 1 to 65535`);
  }
  const options = {
    ...(hostGroup === undefined ? {} : { hostGroup }),
    ...(environment === undefined ? {} : { environment }),
    ...(hostname === undefined ? {} : { hostname }),
    ...(port === undefined ? {} : { httpPort: Number(port) }),
  };
  return Object.keys(options).length === 0 ? undefined : options;
}

/** Addresses apart by white space or commas. */
export function readServers(text: string): readonly string[] {
  return words(text.replaceAll(",", " "));
}

/** Why `server` cannot be dialled, in a sentence; `undefined` if it can. */
export function serverProblem(server: string): string | undefined {
  if (isSolo(server)) return undefined;
  let url: URL;
  try {
    url = new URL(server);
  } catch {
    return `“${showable(server)}” is not an address. It should look like wss://lattice.example:4223.`;
  }
  if (url.protocol !== "ws:" && url.protocol !== "wss:") {
    return `“${showable(server)}” must begin with ws:// or wss://: a browser reaches NATS over WebSocket only.`;
  }
  if (url.username !== "" || url.password !== "") {
    return "Leave the user and password out of the address, and give them as credentials.";
  }
  return undefined;
}

/** An address may carry a user, a password or a token: nothing from where these could begin is shown. */
function showable(server: string): string {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(server)?.[0] ?? "";
  if (server.includes("@")) return `${scheme}…`;
  const end = server.search(/[?#]/);
  return end === -1 ? server : `${server.slice(0, end)}…`;
}

function words(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

function cut(text: string): readonly [string, string | undefined] {
  const at = text.indexOf("=");
  return at === -1
    ? [text.trim(), undefined]
    : [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}
