/** What went wrong in plain words, and what a person can do next. */
import type { ErrorCode } from "../../core/error.ts";

export interface Advice {
  readonly title: string;
  readonly steps: readonly string[];
}

/** Advice for a node that could not join or had to stop. */
export function adviceFor(code: ErrorCode): Advice {
  return NODE_ADVICE[code] ?? FALLBACK;
}

/** One sentence for a start, stop or call that did not work; `message` is the machinery's own. */
export function plainSentence(code: string, message: string): string {
  const lead = LEADS.get(code);
  return lead === undefined ? sentence(message) : `${lead} ${sentence(message)}`;
}

/** An error's message as a sentence. Addresses at its beginning stay as they are. */
export function sentence(message: string): string {
  const begun = message.replace(/^[a-z](?=[a-z]*\s)/, (letter) => letter.toUpperCase());
  return `${begun.replace(/\.$/, "")}.`;
}

const FALLBACK: Advice = {
  title: "Something in this page broke",
  steps: [
    "Try again; if it fails the same way, reload the page.",
    "The log below has the details that a bug report needs.",
  ],
};

const NODE_ADVICE: Partial<Record<ErrorCode, Advice>> = {
  "insecure-context": {
    title: "This page needs https",
    steps: [
      "Browsers keep cryptography and storage back from pages that came over plain http from another machine.",
      "Open the page over https, or on the machine itself as http://localhost.",
      "With npm start: pass --host together with --tls-cert and --tls-key.",
    ],
  },
  "no-servers": {
    title: "No server answered",
    steps: [
      "Check the address and the port. It must be a WebSocket listener of NATS, not the usual port 4222.",
      "Ask whether the server runs, and whether its websocket block allows this page’s origin.",
      "A page that came over https reaches wss:// addresses only.",
    ],
  },
  denied: {
    title: "The server refused these credentials",
    steps: [
      "Check that they belong to this server and have not expired.",
      "The user needs the permissions of a lattice host: its control and call subjects, and its inbox.",
    ],
  },
  "bad-input": {
    title: "One of the settings cannot be used",
    steps: ["Change it and join again."],
  },
  "worker-lost": {
    title: "The host worker ended",
    steps: [
      "The browser may have stopped it to save memory; joining again starts a new one.",
      "If it happens at once, check that the page’s content policy lets workers and WebAssembly run.",
    ],
  },
  deadline: {
    title: "Joining took too long",
    steps: ["The server answered slowly or not at all. Try again, or try another address."],
  },
  unsupported: {
    title: "This browser lacks something that a host needs",
    steps: ["Try a current Chrome, Edge, Firefox or Safari."],
  },
};

const LEADS: ReadonlyMap<string, string> = new Map([
  ["image-unavailable", "The component could not be fetched."],
  ["image-too-large", "The component is larger than this host takes."],
  ["digest-mismatch", "The component is not the one that was pinned."],
  ["bad-image", "The file is not a component that can run here."],
  ["import-unmet", "The component needs something that this host does not offer."],
  ["not-served", "Nobody in the lattice answers for this."],
  ["overloaded", "It has more calls than it can take at the moment."],
  ["guest-trapped", "The component crashed during the call."],
  ["deadline", "It took too long."],
]);
