/** From the opening of the page to the node that has joined, near and far from its server. */
import { openTcpProxy } from "../support/tcp-proxy.ts";
import { openChromium } from "./children.ts";
import type { Stage } from "./stage.ts";
import { type Summary, summarize } from "./statistics.ts";
import type { JoinStep } from "../../src/core/node-state.ts";

export interface JoiningPlan {
  /** Browsers with fresh profiles, for each place. */
  readonly browsers: number;
  readonly visits: number;
}

export interface JoiningRow {
  readonly place: string;
  /** Milliseconds from the frame's `performance.timeOrigin`, with nothing of the site in the browser's cache. */
  readonly firstVisitMs: Summary;
  readonly laterVisitMs: Summary;
  /** Later visits: milliseconds until joining began, and of each step. */
  readonly steps: Readonly<Record<string, number>>;
}

const ROUND_TRIP_MS = 80;
const VISITS_LIMIT_MS = 60_000;

export async function measureJoining(
  stage: Stage,
  plan: JoiningPlan,
  tell: (line: string) => void,
): Promise<readonly JoiningRow[]> {
  await using farServer = await openTcpProxy(stage.wsPort);
  await using farPage = await openTcpProxy(Number(new URL(stage.page).port));
  for (const proxy of [farServer, farPage]) proxy.delay(ROUND_TRIP_MS / 2);
  const far = `ws://127.0.0.1:${farServer.port}`;
  const places = [
    { place: "loopback", page: stage.page, servers: [] },
    { place: `server ${ROUND_TRIP_MS} ms away`, page: stage.page, servers: [far] },
    {
      place: `page and server ${ROUND_TRIP_MS} ms away`,
      page: `http://127.0.0.1:${farPage.port}/`,
      servers: [far],
    },
  ];
  const rows: JoiningRow[] = [];
  for (const { place, page, servers } of places) {
    const visits: (readonly (readonly JoinStep[])[])[] = [];
    for (let browser = 0; browser < plan.browsers; browser++) {
      visits.push(await visit(stage, page, servers, plan.visits));
    }
    const later = visits.flatMap((own) => own.slice(1));
    rows.push({
      place,
      firstVisitMs: summarize(visits.flatMap((own) => own.slice(0, 1)).map(joinedAt)),
      laterVisitMs: summarize(later.map(joinedAt)),
      steps: medianSteps(later),
    });
    tell(`joining: ${place} done`);
  }
  return rows;
}

/** The steps of each visit that one browser makes. */
async function visit(
  { reports }: Stage,
  page: string,
  servers: readonly string[],
  visits: number,
): Promise<readonly (readonly JoinStep[])[]> {
  const place = reports.open();
  const url = new URL("bench/joins.html", page);
  url.searchParams.set("report", place.url);
  url.searchParams.set("visits", String(visits));
  url.searchParams.set("lattice", "bench-joins");
  for (const server of servers) url.searchParams.append("server", server);
  await using _browser = await openChromium(url.href);
  return (await place.next("joins", VISITS_LIMIT_MS)).visits;
}

function joinedAt(steps: readonly JoinStep[]): number {
  const last = steps.at(-1);
  if (last?.tookMs === undefined) throw new Error("a visit that has not joined was reported");
  return last.startedMs + last.tookMs;
}

function medianSteps(visits: readonly (readonly JoinStep[])[]): Readonly<Record<string, number>> {
  const samples = new Map<string, number[]>();
  const add = (name: string, value: number): void =>
    void samples.set(name, [...(samples.get(name) ?? []), value]);
  for (const steps of visits) {
    add("page", steps[0]?.startedMs ?? 0);
    for (const { name, tookMs = 0 } of steps) add(name, tookMs);
  }
  return Object.fromEntries([...samples].map(([name, each]) => [name, summarize(each).median]));
}
