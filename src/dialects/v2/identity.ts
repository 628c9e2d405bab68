/**
 * Who a host is for an operator of wasmCloud v2. An operator makes an object of Kubernetes of each host and takes its name and
 * labels as they are; what cannot be one keeps the host from appearing, with a line in the operator's log alone
 * (`runtime-operator/internal/controller/runtime/host_controller.go` @ v2.7.0). So nothing of that kind leaves here.
 */
import type { Labels } from "../../core/command.ts";
import type { HostId } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import type { OperatorOptions } from "../../core/node-options.ts";

import { LatticeError } from "../../core/error.ts";
import { readPublicNkey } from "../../wire/nkey.ts";

/** Apart from upstream's `default`, which manifests for servers choose. */
const HOST_GROUP = "browser";
const GROUP_LABEL = "hostgroup";
/** Of the id, behind a name that is not unique by itself: 48 bits. */
const ID_DIGITS = 12;
const MOST_NAME_LETTERS = 253;

export interface Identity {
  /** One NATS token; a UUID unless the options say otherwise. */
  readonly id: string;
  readonly hostname: string;
  /** RFC 1123; the operator names the host's object so. */
  readonly friendlyName: string;
  readonly environment: string | undefined;
  readonly httpPort: number | undefined;
  /** Those that Kubernetes takes, and the host's group. Each one that it does not take is told in the log once. */
  labels(all: Labels): Labels;
}

/**
 * `name`: the node's own, if it was given one.
 *
 * @throws {LatticeError} `bad-input` for options that cannot be used.
 */
export function identify(
  host: HostId,
  { name, operator = {} }: { readonly name?: string; readonly operator?: OperatorOptions },
  log: Log,
): Identity {
  const { environment, httpPort, hostGroup } = operator;
  const own = uuidOf(host);
  const unique = own.replaceAll("-", "").slice(0, ID_DIGITS);
  const id = operator.id ?? own;
  check("id", id, /^[-_a-z\d]{1,63}$/i.test(id), "1 to 63 letters, digits, - and _");
  if (hostGroup !== undefined) {
    check("hostGroup", hostGroup, isLabelValue(hostGroup) && hostGroup !== "", LABEL_VALUE);
  }
  if (environment !== undefined) {
    check(
      "environment",
      environment,
      /^\S{1,253}$/.test(environment),
      "a word of 253 letters at most",
    );
  }
  const hostname = operator.hostname ?? `browser-${unique}`;
  check("hostname", hostname, /^[^\s/]{1,253}$/.test(hostname), "a name or address without a port");
  if (httpPort !== undefined) {
    const isPort = Number.isInteger(httpPort) && httpPort > 0 && httpPort < 65_536;
    check("httpPort", String(httpPort), isPort, "a number from 1 to 65535");
  }
  const told = new Set<string>();
  return {
    id,
    hostname,
    friendlyName: kubernetesName(name, unique),
    environment,
    httpPort,
    labels(all) {
      const fit = [...all].filter(([key, value]) => {
        if (isLabelKey(key) && isLabelValue(value)) return true;
        if (!told.has(key)) log.warn("operator.label-left-out", { key, wanted: LABEL_VALUE });
        told.add(key);
        return false;
      });
      return new Map([
        [GROUP_LABEL, HOST_GROUP],
        ...fit,
        ...(hostGroup === undefined ? [] : [[GROUP_LABEL, hostGroup] as const]),
      ]);
    },
  };
}

/**
 * A UUID of version 4 that is always the same for a host: the first 16 bytes of its public key, which are as good as random.
 */
export function uuidOf(host: HostId): string {
  const bytes = readPublicNkey(host).key.slice(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/**
 * `name` if it can name an object of Kubernetes; else what can be kept of it and `unique`. Two hosts of one name would take each
 * other's place, again and again: whoever gives a name sees to it that no other host has it.
 */
function kubernetesName(name: string | undefined, unique: string): string {
  if (name === undefined) return `inlay-${unique}`;
  const parts = name.split(".");
  const isName = parts.every((part) => /^[a-z\d]([-a-z\d]{0,61}[a-z\d])?$/.test(part));
  if (isName && name.length <= MOST_NAME_LETTERS) return name;
  const kept = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/\p{Mark}/gu, "")
    .replace(/[^a-z\d]+/g, "-")
    .slice(0, 40)
    .replace(/^-|-$/g, "");
  return `${kept === "" ? "inlay" : kept}-${unique}`;
}

const LABEL_VALUE =
  "63 letters, digits, - _ and . at most, the first and last of them a letter or digit";
const isLabelValue = (text: string): boolean =>
  /^([a-z\d]([-_.a-z\d]{0,61}[a-z\d])?)?$/i.test(text);

function isLabelKey(key: string): boolean {
  const [, prefix, name = ""] = /^(?:([^/]*)\/)?(.*)$/s.exec(key) ?? [];
  const isPrefix =
    prefix === undefined ||
    (prefix.length <= MOST_NAME_LETTERS &&
      /^[a-z\d]([-a-z\d]*[a-z\d])?(\.[a-z\d]([-a-z\d]*[a-z\d])?)*$/.test(prefix));
  return isPrefix && name !== "" && isLabelValue(name);
}

function check(option: string, met: string, holds: boolean, wanted: string): void {
  if (holds) return;
  const shown = met.slice(0, 80);
  throw new LatticeError("bad-input", `operator.${option} "${shown}" must be ${wanted}`);
}
