/** Everything that a measurement needs around it: one server, one gateway, one client, and tabs on demand. */
import { launchNats, freePort } from "../support/launch-nats.ts";
import { serveImages, type ImageServer } from "../support/image-server.ts";
import { openChromium, startNode, type Child } from "./children.ts";
import { watchLattice, type Lattice } from "./lattice.ts";
import { connectNats, type NatsClient } from "./nats-client.ts";
import { openReports, type ReportPlace, type Reports } from "./reports.ts";
import { buildSite } from "./site.ts";

export interface Stage {
  /** The caller that drives all rows. */
  readonly client: NatsClient;
  /** TCP address of the server. */
  readonly nats: string;
  /** Port of the server's own WebSocket listener. */
  readonly wsPort: number;
  /** Base address of the server's monitoring. */
  readonly monitoring: string;
  /** Base address of the gateway, ending in `/`. */
  readonly page: string;
  readonly images: ImageServer;
  readonly reports: Reports;
  /** A tab that has joined a lattice of its own. */
  openTab(options?: TabOptions): Promise<BenchTab>;
}

interface TabOptions {
  /** Echo this subject in a worker of its own beside the node. */
  readonly echo?: string;
  /** Join this lattice beside other tabs. */
  readonly lattice?: Lattice;
  /** Speak 0.82 as well, and answer what this cluster has signed. */
  readonly issuer?: string;
  /** Speak v2 as well, as the host of this id. */
  readonly operator?: string;
}

export interface BenchTab extends AsyncDisposable {
  readonly pid: number;
  readonly hostId: string;
  readonly bridge: string;
  readonly lattice: Lattice;
  /** Stops the node and resolves when the tab has loaded itself again and joined. */
  reload(): Promise<void>;
}

const JOIN_LIMIT_MS = 30_000;

/** Builds and starts all of it, runs `play`, and ends all of it. */
export async function withStage<T>(play: (stage: Stage) => Promise<T>): Promise<T> {
  await using site = await buildSite();
  const monitor = await freePort();
  await using nats = await launchNats({
    config: `http: "127.0.0.1:${monitor}"`,
  });
  await using gateway = await startNode(new URL("./gateway.ts", import.meta.url), [
    site.folder,
    nats.ws,
  ]);
  await using images = await serveImages();
  await using reports = await openReports();
  await using client = await connectNats(nats.nats, "bench caller");
  const page = gateway.line;
  let tabs = 0;
  // Awaited here: what is used ends when this function returns.
  return await play({
    client,
    nats: nats.nats,
    wsPort: nats.wsPort,
    monitoring: `http://127.0.0.1:${monitor}`,
    page,
    images,
    reports,
    async openTab({ echo, issuer, operator, lattice: shared } = {}) {
      const lattice = shared ?? (await watchLattice(client, `bench-${tabs++}`));
      const place = reports.open();
      const url = new URL("bench/tab.html", page);
      url.searchParams.set("server", `${page.replace(/^http/, "ws")}nats`);
      url.searchParams.set("lattice", lattice.name);
      url.searchParams.set("report", place.url);
      if (echo !== undefined) url.searchParams.set("echo", echo);
      if (issuer !== undefined) url.searchParams.set("issuer", issuer);
      if (operator !== undefined) url.searchParams.set("operator", operator);
      const browser = await openChromium(url.href);
      try {
        return await joinedTab(browser, place, lattice);
      } catch (cause) {
        await browser[Symbol.asyncDispose]();
        throw cause;
      }
    },
  });
}

async function joinedTab(browser: Child, place: ReportPlace, lattice: Lattice): Promise<BenchTab> {
  let joined = await place.next("joined", JOIN_LIMIT_MS);
  return {
    pid: browser.pid,
    lattice,
    bridge: joined.bridge,
    get hostId() {
      return joined.hostId;
    },
    async reload() {
      await lattice.stopHost(joined.hostId);
      joined = await place.next("joined", JOIN_LIMIT_MS);
    },
    [Symbol.asyncDispose]: () => browser[Symbol.asyncDispose](),
  };
}
