/** Whether a node keeps the thread of the web app that it is embedded in from answering people. */
import { openChromium } from "./children.ts";
import { lengthPrefixed, openInbox, wrpcCaller } from "./callers.ts";
import type { StageOfPage } from "./page/embedded.ts";
import type { Stage } from "./stage.ts";

export interface EmbeddedPlan {
  /** Browsers with fresh profiles. */
  readonly browsers: number;
  readonly calls: number;
}

export interface EmbeddedRow {
  readonly stage: StageOfPage["name"];
  /** Of all browsers. */
  readonly longTasks: number;
  readonly longestMs: number;
  readonly latestTimerMs: number;
  readonly ms: number;
}

const IN_FLIGHT = 32;
const LIMIT_MS = 120_000;

export async function measureEmbedded(
  stage: Stage,
  plan: EmbeddedPlan,
  tell: (line: string) => void,
): Promise<readonly EmbeddedRow[]> {
  const inbox = openInbox(stage.client);
  const all: StageOfPage[] = [];
  for (let browser = 0; browser < plan.browsers; browser++) {
    const lattice = `bench-embedded-${browser}`;
    const place = stage.reports.open();
    const url = new URL("bench/embedded.html", stage.page);
    url.searchParams.set("report", place.url);
    url.searchParams.set("server", `${stage.page.replace(/^http/, "ws")}nats`);
    url.searchParams.set("lattice", lattice);
    url.searchParams.set("image", stage.images.url("hello.wasm"));
    url.searchParams.set("calls", String(plan.calls));
    await using _browser = await openChromium(url.href);
    await place.next("joined", LIMIT_MS);
    const ask = wrpcCaller(
      stage.client,
      inbox,
      `${lattice}.hello.wrpc.0.0.1.inlay:demo/greeter.greet`,
      {
        params: lengthPrefixed(Buffer.from("Ada")),
        resultBytes: lengthPrefixed(Buffer.from("Hello, Ada!")).length,
      },
    );
    let left = plan.calls;
    const caller = async (): Promise<void> => {
      // oxlint-disable-next-line no-await-in-loop -- each caller has one call under way
      while (left-- > 0) await ask();
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, caller));
    all.push(...(await place.next("embedded", LIMIT_MS)).stages);
  }
  tell("embedded: done");
  return (["joining", "starting", "serving"] as const).map((name) => {
    const own = all.filter((each) => each.name === name);
    const longTasks = own.flatMap((each) => each.longTasks);
    return {
      stage: name,
      longTasks: longTasks.length,
      longestMs: Math.max(0, ...longTasks),
      latestTimerMs: Math.max(...own.map(({ latestMs }) => latestMs)),
      ms: Math.max(...own.map(({ ms }) => ms)),
    };
  });
}
