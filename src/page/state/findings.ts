/**
 * Why a server could not be reached, as far as a page can tell.
 *
 * Browsers give a page one code (1006) for all failures of a WebSocket, so that pages cannot scan networks (WHATWG WebSockets,
 * "fail the connection"). What is certain is told apart from what is only likely.
 */

/** What was seen around a server that a page could not reach. */
export interface Evidence {
  /** As it was asked for: `wss://lattice.example:4223`. */
  readonly server: string;
  /** `https://lattice.example` of the page. */
  readonly origin: string;
  /** What the browser says of its network. */
  readonly online: boolean;
  /** The browser's permission for addresses of the local network, where it has one. */
  readonly localNetwork: "granted" | "denied" | "prompt" | undefined;
  /** What a plain request to the same address got. */
  readonly knock: Knocked;
  /** The same under the other scheme (TLS or not), where a page may ask that. */
  readonly otherScheme: Knocked | undefined;
}

export interface Knocked {
  readonly answer: "answered" | "silent";
  readonly tookMs: number;
}

export interface Finding {
  readonly sure: "certain" | "likely";
  readonly what: string;
  readonly next: string;
}

/** Whoever refuses does it within a round trip; whoever is not there, or behind a firewall, lets one wait. */
const SLOW_MS = 2_500;
/** Of programs; pages need the port of the `websocket` block. */
const PROGRAMS_PORT = "4222";

/** What is known of one server, the certain first. Never empty. */
export function findings(evidence: Evidence): readonly Finding[] {
  const rows = RULES.flatMap((rule) => rule(read(evidence)) ?? []);
  const certain = rows.filter(({ sure }) => sure === "certain");
  // What was seen for sure explains the failure: guesses beside it would only mislead, but for an answer that says little.
  const explained = certain.some(({ what }) => !what.startsWith(ANSWERS));
  return explained ? certain : [...certain, ...rows.filter(({ sure }) => sure === "likely")];
}

interface Case extends Evidence {
  readonly url: URL;
  readonly local: boolean;
  readonly tls: boolean;
  readonly pageTls: boolean;
}

const ANSWERS = "Something answers at";

const RULES: readonly ((found: Case) => Finding | readonly Finding[] | undefined)[] = [
  ({ online, local }) =>
    online || local
      ? undefined
      : {
          sure: "certain",
          what: "This device is offline.",
          next: "Connect it to a network; or start a lattice in this browser, which needs none.",
        },
  ({ pageTls, tls, local, url }) =>
    !pageTls || tls || local
      ? undefined
      : {
          sure: "certain",
          what: `This page came over https, and ${url.host} was asked for without TLS: browsers do not let that through.`,
          next: `Give the server’s websocket block a certificate and use wss://${url.host}, or open the page over http on the server’s own machine.`,
        },
  ({ localNetwork, local, url }) => {
    if (!isPrivate(url.hostname) && !local) return undefined;
    if (localNetwork === "denied") {
      return {
        sure: "certain",
        what: `This browser does not let the page reach ${url.hostname}, which is in the local network.`,
        next: "Allow “local network access” for this page, beside its address, and try again.",
      };
    }
    if (localNetwork !== "prompt") return undefined;
    return {
      sure: "likely",
      what: "The browser asks whether this page may reach devices of the local network, and was not answered yet.",
      next: "Look for its question near the address bar, and allow it.",
    };
  },
  ({ knock, otherScheme, tls, url }) =>
    knock.answer === "answered" || otherScheme?.answer !== "answered"
      ? undefined
      : {
          sure: "certain",
          what: tls
            ? `${url.host} answers without TLS, and not with it.`
            : `${url.host} answers with TLS, and not without it.`,
          next: `Use ${tls ? "ws" : "wss"}://${url.host}${bare(url)}.`,
        },
  ({ knock, url, origin }) =>
    knock.answer !== "answered"
      ? undefined
      : [
          {
            sure: "certain",
            what: `${ANSWERS} ${url.host}, but it took no WebSocket from this page.`,
            next: "So the address and the network are right; what follows is about the server.",
          },
          {
            sure: "likely",
            what: "It is a NATS server that does not allow this page’s origin.",
            next: `Add "${origin}" to allowed_origins of its websocket block, or put same_origin: true there and serve the page beside it.`,
          },
          {
            sure: "likely",
            what: "It is a web server, or a proxy that does not pass WebSockets on.",
            next: "Check the path, and that the proxy sends Upgrade and Connection on to NATS.",
          },
        ],
  ({ knock, url }) =>
    knock.answer === "answered" || url.port !== PROGRAMS_PORT
      ? undefined
      : {
          sure: "likely",
          what: `${PROGRAMS_PORT} is the port for programs. Pages need the server’s WebSocket port.`,
          next: "Look into the websocket block of its configuration; 443, 4223 and 8443 are common.",
        },
  ({ knock, tls, url, otherScheme }) =>
    knock.answer === "answered" || !tls || otherScheme?.answer === "answered"
      ? undefined
      : {
          sure: "likely",
          what: "Its certificate is not trusted by this browser, or is for another name.",
          next: `Open https://${url.host} in a tab: the browser says there what it dislikes.`,
        },
  ({ knock, url }) =>
    knock.answer === "answered"
      ? undefined
      : knock.tookMs < SLOW_MS
        ? {
            sure: "likely",
            what: `Nothing listens at ${url.host}, or its name is not known.`,
            next: "Check the name and the port, and that the server runs with a websocket block.",
          }
        : {
            sure: "likely",
            what: `${url.host} stayed silent: a firewall, or a machine that is away.`,
            next: "Check that this device reaches that network: a VPN may be needed.",
          },
];

function read(evidence: Evidence): Case {
  const url = new URL(evidence.server);
  return {
    ...evidence,
    url,
    local: isLoopback(url.hostname),
    tls: url.protocol === "wss:",
    pageTls: evidence.origin.startsWith("https:"),
  };
}

/** Without its query, which may be a secret. */
function bare({ pathname }: URL): string {
  return pathname === "/" ? "" : pathname;
}

/** What browsers take for this machine, also from pages that came over https. */
function isLoopback(host: string): boolean {
  return (
    host === "localhost" ||
    host.endsWith(".localhost") ||
    host === "[::1]" ||
    host.startsWith("127.")
  );
}

/** Addresses of local networks (RFC 1918, 3927, 4193, 6598) and names that only such have (RFC 6762). */
function isPrivate(host: string): boolean {
  return (
    /^(10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.)/.test(host) ||
    /^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./.test(host) ||
    /^\[f[cd]/i.test(host) ||
    /^\[fe80:/i.test(host) ||
    host.endsWith(".local")
  );
}
