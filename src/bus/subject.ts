/** The rules of NATS subjects: which texts are one, and which patterns take which subject. Pure. */
import { LatticeError } from "../core/error.ts";

/**
 * Refuses what would break out of its place in a protocol line: NATS delimits by blanks and line ends, and the client
 * library writes subjects as they are.
 *
 * @throws {LatticeError} `bad-input`
 */
export function checkSubject(subject: string, reply?: string): void {
  if (subject === "" || /\s/.test(subject)) throw misfit("subject", subject);
  if (reply !== undefined) checkSubject(reply);
  checkLength(subject, reply);
}

/** A server cuts the connection of who sends a longer line (nats-server `MAX_CONTROL_LINE_SIZE`, 4096); numbers need the rest. */
const MOST_LINE_BYTES = 4000;

function checkLength(subject: string, beside = ""): void {
  if ((subject.length + beside.length) * 3 <= MOST_LINE_BYTES) return; // no letter has more bytes
  const { length } = new TextEncoder().encode(subject + beside);
  if (length <= MOST_LINE_BYTES) return;
  const start = `${subject.slice(0, 60)}…`;
  throw new LatticeError(
    "bad-input",
    `the subject ${JSON.stringify(start)} has ${length} bytes with what goes beside it: ${MOST_LINE_BYTES} at most`,
  );
}

/** Refuses what no server would take as a subscription: blanks, empty tokens, `>` before the end. */
export function checkPattern(pattern: string, queue?: string): void {
  checkSubject(pattern);
  const tokens = pattern.split(".");
  const tail = tokens.indexOf(">");
  if (tokens.includes("") || (tail !== -1 && tail !== tokens.length - 1)) {
    throw misfit("subject", pattern);
  }
  if (queue !== undefined && (queue === "" || /\s/.test(queue))) throw misfit("queue group", queue);
  checkLength(pattern, queue);
}

/** Whether a message on `subject` is for a subscription on `pattern`: `*` is any one token, a last `>` one or more. */
export function subjectMatches(pattern: string, subject: string): boolean {
  if (pattern === subject) return true;
  const wanted = pattern.split(".");
  const met = subject.split(".");
  for (const [i, token] of wanted.entries()) {
    if (i >= met.length) return false;
    if (token === ">") return true;
    if (token !== "*" && token !== met[i]) return false;
  }
  return wanted.length === met.length;
}

function misfit(what: string, met: string): LatticeError {
  return new LatticeError(
    "bad-input",
    `${what} ${JSON.stringify(met)} must be tokens joined by dots, without blanks`,
  );
}
