/**
 * Subjects that components of a set neither send to nor hear: those that control hosts, where credentials and secrets
 * travel, those by which HTTP requests come (`dialects/v2/ingress-names.ts`), calls of the 1.x lattice that the node may serve
 * as well, and the servers' own. wasmCloud leaves this to the permissions of the host's connection, which all of its
 * components share.
 */
import type { LatticeId } from "../../core/ids.ts";

import { LatticeError } from "../../core/error.ts";

const CONTROL = ["runtime.host.>", "runtime.operator.>", "wasmbus.>", "inlay-http.>"];
/** What others are answered by. */
const INBOXES = ["_INBOX.>"];

/** Calls of 1.x, in any lattice. */
const CALLS = "*.*.wrpc.>";

/** @throws {LatticeError} `denied` */
export function checkSent(subject: string): void {
  check(subject, [...CONTROL, CALLS]);
}

/**
 * `lattice`: the one whose calls are not to be heard. That of any lattice would be nearly all patterns.
 *
 * @throws {LatticeError} `denied`, `bad-input` for what is no subject.
 */
export function checkHeard(pattern: string, lattice: LatticeId): void {
  const tokens = pattern.split(".");
  const fits = tokens.every(
    (token, at) => token !== "" && !/\s/.test(token) && (token !== ">" || at === tokens.length - 1),
  );
  if (!fits) {
    throw new LatticeError("bad-input", `${JSON.stringify(pattern)} is no subject of NATS`);
  }
  check(pattern, [...CONTROL, ...INBOXES, `${lattice}.*.wrpc.>`]);
}

function check(subject: string, reserved: readonly string[]): void {
  const met = subject.startsWith("$") ? "$>" : reserved.find((each) => overlap(subject, each));
  if (met === undefined) return;
  throw new LatticeError("denied", `components have no part in ${met}, which ${subject} meets`);
}

/** Whether some subject is matched by both. */
function overlap(one: string, other: string): boolean {
  const left = one.split(".");
  const right = other.split(".");
  for (let at = 0; ; at++) {
    const [a, b] = [left[at], right[at]];
    if (a === undefined || b === undefined) return a === b;
    if (a === ">" || b === ">") return true;
    if (a !== "*" && b !== "*" && a !== b) return false;
  }
}
