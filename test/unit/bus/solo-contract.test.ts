/** The suites of every bus, over a lattice of tabs: each connection is of another tab, so that the arbiter is only one of them. */
import { afterAll } from "vitest";
import type { Bus } from "../../../src/core/bus.ts";
import type { Log } from "../../../src/core/log.ts";
import { openSolo } from "../../../src/bus/solo.ts";
import { busContract, PREFIX } from "../../contract/bus.ts";
import { kvContract } from "../../contract/kv.ts";
import { objectsContract } from "../../contract/objects.ts";
import { createSoloOrigin } from "../../support/solo-tabs.ts";

const origin = createSoloOrigin();
const open: Bus[] = [];

/** Stays for the whole suite and arbitrates, so that those of the tests are its members. */
const first = await openSolo(origin.openTab().ports);
open.push(await first.connect({ inboxPrefix: "_INBOX.first" }));
afterAll(() => Promise.all(open.map((bus) => bus.drain())));

async function connect(log?: Log): Promise<Bus> {
  const solo = await openSolo(origin.openTab().ports);
  return solo.connect({ inboxPrefix: PREFIX, ...(log === undefined ? {} : { log }) });
}

/** In the arbiter's own tab. */
function connectHere(log?: Log): Promise<Bus> {
  return first.connect({ inboxPrefix: PREFIX, ...(log === undefined ? {} : { log }) });
}
let turn = 0;
const connectAnywhere = (log?: Log): Promise<Bus> =>
  (turn++ % 2 === 0 ? connect : connectHere)(log);

busContract("a bus from tab to tab", connect);
busContract("a bus of the arbiter's tab and others", connectAnywhere);
kvContract("a bucket from tab to tab", connect);
objectsContract("an object store of the arbiter's tab and others", connectAnywhere);
