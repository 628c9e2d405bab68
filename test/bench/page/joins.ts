/**
 * Opens the page of `npm start` in a frame again and again, as visits in a browser that runs already, and reports
 * each visit's steps of joining.
 */
import type { JoinStep, NodeState } from "../../../src/core/node-state.ts";

import { report } from "./report.ts";

const query = new URLSearchParams(location.search);
const visits = Number(query.get("visits") ?? "1");
const JOIN_LIMIT_MS = 20_000;
/** From one visit to the next, so that the goodbye of one does not slow the other down. */
const BETWEEN_MS = 500;

async function main(): Promise<void> {
  const address = new URL("../index.html", location.href);
  for (const server of query.getAll("server")) address.searchParams.append("servers", server);
  address.searchParams.set("lattice", query.get("lattice") ?? "");
  address.searchParams.set("autojoin", "");
  const steps: (readonly JoinStep[])[] = [];
  for (let visit = 0; visit < visits; visit++) {
    // oxlint-disable-next-line no-await-in-loop -- one visit at a time
    steps.push(await visitOnce(address.href));
  }
  await report({ type: "joins", visits: steps });
}

async function visitOnce(address: string): Promise<readonly JoinStep[]> {
  const frame = document.createElement("iframe");
  frame.src = address;
  const loaded = new Promise((resolve) => {
    frame.addEventListener("load", resolve, { once: true });
  });
  document.body.append(frame);
  await loaded;
  const root = frame.contentDocument?.documentElement;
  if (root === undefined) throw new Error(`${address} gave no document`);
  const state = await joinedState(root);
  frame.remove();
  await new Promise((resolve) => {
    setTimeout(resolve, BETWEEN_MS);
  });
  return state.joinSteps;
}

function joinedState(root: HTMLElement): Promise<NodeState> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const phase = root.dataset["nodeState"];
      if (phase !== "joined" && phase !== "failed") return;
      observer.disconnect();
      clearTimeout(late);
      const page = root.querySelector<Element & { state: NodeState }>("inlay-page");
      if (phase === "joined" && page !== null) resolve(page.state);
      else reject(new Error(`the page is ${phase}: ${root.dataset["nodeError"] ?? ""}`));
    };
    const observer = new MutationObserver(look);
    const late = setTimeout(() => {
      observer.disconnect();
      reject(new Error(`the page did not join within ${JOIN_LIMIT_MS} ms`));
    }, JOIN_LIMIT_MS);
    observer.observe(root, { attributes: true });
    look();
  });
}

main().catch((error: unknown) => report({ type: "failed", error: String(error) }));
