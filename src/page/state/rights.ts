/** What a credential lets this tab do in its lattice, in words: by the rights that a user's JWT has, else by what was refused. */
import type { KnownUser, Refusal, Rule } from "../../core/access.ts";
import type { NodeState } from "../../core/node-state.ts";

export interface Ability {
  readonly what: string;
  /** `unknown`: the server keeps the rules, and has not refused it so far. */
  readonly may: "yes" | "no" | "unknown";
  /** More than a host needs. */
  readonly risky: boolean;
}

interface Probe {
  readonly what: string;
  readonly connection: "control" | "rpc";
  readonly operation: Refusal["operation"];
  readonly subject: (place: Place) => string;
  readonly queue?: (place: Place) => string;
  readonly risky?: true;
}

interface Place {
  readonly lattice: string;
  readonly host: string;
}

const CALL = "wrpc.0.0.1.ns:pkg/iface.func";

const PROBES: readonly Probe[] = [
  {
    what: "be commanded by the lattice",
    connection: "control",
    operation: "subscribe",
    subject: ({ lattice, host }) => `wasmbus.ctl.v1.${lattice}.component.*.${host}`,
  },
  {
    what: "answer calls of components",
    connection: "rpc",
    operation: "subscribe",
    subject: ({ lattice }) => `${lattice}.any.${CALL}`,
    queue: ({ lattice }) => `${lattice}.any`,
  },
  {
    what: "call any component or provider",
    connection: "rpc",
    operation: "publish",
    subject: ({ lattice }) => `${lattice}.any.${CALL}`,
  },
  {
    what: "read links and configuration",
    connection: "control",
    operation: "publish",
    subject: ({ lattice }) =>
      `$JS.API.DIRECT.GET.KV_LATTICEDATA_${lattice}.$KV.LATTICEDATA_${lattice}.any`,
  },
  {
    what: "change links",
    connection: "control",
    operation: "publish",
    subject: ({ lattice }) => `$KV.LATTICEDATA_${lattice}.COMPONENT_any`,
  },
  {
    what: "change configuration",
    connection: "control",
    operation: "publish",
    subject: ({ lattice }) => `$KV.CONFIGDATA_${lattice}.any`,
  },
  {
    what: "see who else is in the lattice",
    connection: "control",
    operation: "subscribe",
    subject: ({ lattice }) => `wasmbus.evt.${lattice}.*`,
  },
  {
    what: "command other hosts",
    connection: "control",
    operation: "publish",
    subject: ({ lattice }) => `wasmbus.ctl.v1.${lattice}.component.scale.other`,
    risky: true,
  },
  {
    what: "listen to the calls of others",
    connection: "rpc",
    operation: "subscribe",
    subject: ({ lattice }) => `${lattice}.>`,
    risky: true,
  },
  {
    what: "hear the answers to others",
    connection: "rpc",
    operation: "subscribe",
    subject: () => "_INBOX.>",
    risky: true,
  },
  {
    what: "make the server publish anywhere, by a consumer",
    connection: "control",
    operation: "publish",
    subject: ({ lattice }) => `$JS.API.CONSUMER.CREATE.KV_LATTICEDATA_${lattice}`,
    risky: true,
  },
];

export function abilities(
  state: Pick<NodeState, "lattice" | "hostId" | "users" | "refusals">,
): readonly Ability[] {
  const place = { lattice: state.lattice, host: state.hostId ?? "N" };
  return PROBES.map(({ what, connection, operation, subject, queue, risky = false }) => {
    const asked = subject(place);
    const group = queue?.(place);
    const rights = state.users[connection]?.rights;
    const refused = state.refusals.some(
      (refusal) => refusal.operation === operation && overlaps(refusal.subject, asked),
    );
    const allowed = rights === undefined ? undefined : allows(rights[operation], asked, group);
    const may = refused || allowed === false ? "no" : allowed === true ? "yes" : "unknown";
    return { what, may, risky };
  });
}

/** As nats-server decides (`server/client.go`, `canSubscribe`, `pubAllowed`): what is denied is not allowed by anything. */
function allows({ allow, deny }: Rule, subject: string, queue: string | undefined): boolean {
  const matches = (entry: string): boolean => {
    const [pattern = "", group] = entry.split(/\s+/);
    const inGroup = group === undefined || (queue !== undefined && covers(group, queue));
    return inGroup && covers(pattern, subject);
  };
  return (allow.length === 0 || allow.some(matches)) && !deny.some(matches);
}

/** Whether all that `subject`, itself a pattern perhaps, means is meant by `pattern`. */
export function covers(pattern: string, subject: string): boolean {
  const wanted = pattern.split(".");
  const given = subject.split(".");
  for (const [index, token] of wanted.entries()) {
    const other = given[index];
    if (other === undefined) return false;
    if (token === ">") return true;
    if (token === "*" ? other === ">" : token !== other) return false;
  }
  return wanted.length === given.length;
}

function overlaps(one: string, other: string): boolean {
  return covers(one, other) || covers(other, one);
}

const KINDS: Readonly<Record<KnownUser["kind"], string>> = {
  token: "a token",
  password: "a password",
  nkey: "an nkey",
  jwt: "a user’s JWT",
  key: "this browser’s key",
};

/** Whom the tab shows itself as; a sentence's end. */
export function userWords(user: KnownUser | undefined): string {
  if (user === undefined) return "no credential: as whoever the server lets in without one";
  const { kind, name } = user;
  return name === undefined ? KINDS[kind] : `${KINDS[kind]}: ${name}`;
}
