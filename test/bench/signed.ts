/**
 * The cost of signatures: calls of an actor by signed invocations of 0.82 against unsigned ones of a component by wRPC and
 * the raw echo, all in one tab, in turns. Invocations are signed ahead of time, each for one call: what is measured is the
 * tab, which checks each of them, and not who signs.
 */
import { decode } from "@msgpack/msgpack";
import { invocation, nkey, type PeerResponse } from "../support/wasmbus-peer.ts";
import { figures, IN_FLIGHT, manyAtOnce, oneByOne, type Round } from "./calls.ts";
import {
  type Ask,
  echoCaller,
  type Inbox,
  lengthPrefixed,
  openInbox,
  wrpcCaller,
} from "./callers.ts";
import type { Stage } from "./stage.ts";

export interface SignedPlan {
  readonly rounds: number;
  readonly bytes: number;
  /** Calls one at a time, and milliseconds of many at once, of a round. */
  readonly calls: number;
  readonly ms: number;
}

const CANDIDATES = ["tab echo", "wrpc echo", "signed echo"] as const;
type SignedCandidate = (typeof CANDIDATES)[number];

export interface SignedRow {
  readonly candidate: SignedCandidate;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** With {@link IN_FLIGHT} calls under way: the median of the rounds. */
  readonly perSecond: number;
  /** To the tab's raw echo in the same round: medians over the rounds. */
  readonly p50Ratio: number;
  readonly throughputRatio: number;
}

/** Invocations that are signed for each second of calls at once: more than any tab takes. */
const STOCK_PER_SECOND = 10_000;
const WARM_UP_CALLS = 200;
const stockFor = (ms: number): number => Math.ceil((1.1 * ms * STOCK_PER_SECOND) / 1000);

export async function measureSigned(
  stage: Stage,
  plan: SignedPlan,
  tell: (line: string) => void,
): Promise<readonly SignedRow[]> {
  const { client, images } = stage;
  const [cluster, host, provider, actor] = [nkey("C"), nkey("N"), nkey("V"), nkey("M")];
  const subject = "bench.echo.signed";
  await using tab = await stage.openTab({ echo: subject, issuer: cluster.public });
  const { lattice, hostId } = tab;
  await lattice.scale(hostId, "hello", images.url("hello.wasm"), IN_FLIGHT);
  await lattice.scale(hostId, actor.public, images.url("actor-echo.wasm"), IN_FLIGHT);
  const inbox = openInbox(client);
  await client.flush();

  const content = Buffer.alloc(plan.bytes, "n");
  const params = lengthPrefixed(content);
  const call = {
    origin: { public_key: provider.public, link_name: "default", contract_id: "test:echo" },
    target: { public_key: actor.public, link_name: "", contract_id: "" },
    operation: "Echo.Say",
    msg: content,
  };
  const stock: Uint8Array[] = [];
  const sign = (count: number): void => {
    while (stock.length < count) stock.push(invocation(call, { cluster, host }));
  };
  const asks: Record<SignedCandidate, Ask> = {
    "tab echo": echoCaller(client, inbox, subject, content),
    "wrpc echo": wrpcCaller(
      client,
      inbox,
      lattice.subjectOf("hello", "inlay:demo/greeter", "echo"),
      {
        params,
        resultBytes: params.length,
      },
    ),
    "signed echo": signedCaller(stage, inbox, `wasmbus.rpc.${lattice.name}.${actor.public}`, {
      stock,
      content,
    }),
  };
  const rounds: Record<SignedCandidate, Round[]> = {
    "tab echo": [],
    "wrpc echo": [],
    "signed echo": [],
  };
  for (const name of CANDIDATES) {
    // The second part is for the guests: a node starts them when calls come at once.
    sign(WARM_UP_CALLS + stockFor(plan.ms));
    await oneByOne(asks[name], WARM_UP_CALLS);
    await manyAtOnce(asks[name], plan.ms);
  }
  for (let index = 0; index < plan.rounds; index++) {
    const turn = index % CANDIDATES.length;
    for (const name of [...CANDIDATES.slice(turn), ...CANDIDATES.slice(0, turn)]) {
      sign(plan.calls + stockFor(plan.ms));
      const latencies = await oneByOne(asks[name], plan.calls);
      const perSecond = await manyAtOnce(asks[name], plan.ms);
      rounds[name].push({ latencies, perSecond });
    }
  }
  tell("signed: done");
  const raw = rounds["tab echo"];
  return CANDIDATES.map((candidate) => ({ candidate, ...figures(rounds[candidate], raw) }));
}

/** Sends an invocation of `stock` and waits for `content`. */
function signedCaller(
  { client }: Stage,
  inbox: Inbox,
  subject: string,
  { stock, content }: { readonly stock: Uint8Array[]; readonly content: Uint8Array },
): Ask {
  return () =>
    new Promise((resolve, reject) => {
      const data = stock.pop();
      if (data === undefined) throw new Error("no signed invocation is left: sign more of them");
      const token = inbox.open({
        receive(_, message) {
          inbox.close(token);
          if (message.nobody) return reject(new Error(`nobody serves ${subject}`));
          const { error, msg } = decode(message.data) as PeerResponse;
          if ((error ?? "") === "" && Buffer.compare(msg, content) === 0) return resolve();
          reject(new Error(`${subject} answered ${error ?? `${msg.length} bytes`}`));
        },
      });
      client.publish(subject, data, `${inbox.root}.${token}`);
    });
}
