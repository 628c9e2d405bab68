import { expect, test } from "vitest";
import type { BusStatus } from "../../../src/core/bus.ts";

import { outageOf } from "../../../src/page/state/connections.ts";

const open: BusStatus = { phase: "open", server: "wss://lattice.example" };
const lost = (since: number, reason?: string): BusStatus => ({
  phase: "reconnecting",
  since,
  ...(reason === undefined ? {} : { reason }),
});

test.each([
  { control: open, rpc: open, outage: undefined },
  {
    control: lost(2, "the server closed"),
    rpc: lost(1),
    outage: { lost: "Connection lost", since: 1, reason: "the server closed" },
  },
  {
    control: lost(5, "silence"),
    rpc: open,
    outage: { lost: "Connection for control lost, calls go on", since: 5, reason: "silence" },
  },
  {
    control: open,
    rpc: lost(7),
    outage: {
      lost: "Connection for calls lost, nobody can call this tab",
      since: 7,
      reason: undefined,
    },
  },
])("control $control.phase, calls $rpc.phase: $outage.lost", ({ control, rpc, outage }) => {
  expect(outageOf({ control, rpc })).toEqual(outage);
});
