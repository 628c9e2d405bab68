import { expect, test } from "vitest";

import { createMemoryLattice } from "../../../src/bus/memory.ts";
import { CALLS_LABEL, watchConnections } from "../../../src/host/connections.ts";
import { createLabels } from "../../../src/host/labels.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { recordLog } from "../../support/log-recorder.ts";

function setUp() {
  const clock = fakeClock();
  const lattice = createMemoryLattice({ clock });
  const probes: string[] = [];
  const connect = (name: string) => {
    const bus = lattice.connect();
    bus.probe = () => void probes.push(name);
    return bus;
  };
  const control = connect("control");
  const rpc = connect("calls");
  const { log, entries } = recordLog();
  const labels = createLabels(new Map());
  const told: (string | undefined)[] = [];
  const ended = new AbortController();
  const labelsChanged = (): void => void told.push(labels.all().get(CALLS_LABEL));
  watchConnections({ control, rpc, clock, log, labels, labelsChanged }, ended.signal);
  const logged = (): string[] =>
    entries.map(({ event, fields }) => `${event} ${String(fields["connection"])}`);
  return { clock, control, rpc, probes, told, ended, logged };
}

test("a host that can be commanded and not called says so by a label, until it can be called again", () => {
  const { clock, rpc, told, logged } = setUp();

  rpc.cut();
  clock.advance(1999);
  const early = [...told];
  clock.advance(1);
  const lost = [...told];
  rpc.restore();

  expect([early, lost, told]).toEqual([[], ["disconnected"], ["disconnected", undefined]]);
  expect(logged()).toEqual(["connection.lost calls", "connection.open calls"]);
});

test("a server that takes both connections with it is no such state", () => {
  const { clock, control, rpc, told, logged } = setUp();

  rpc.cut();
  clock.advance(100);
  control.cut();
  clock.advance(60_000);
  control.restore();
  rpc.restore();

  expect(told).toEqual([]);
  expect(logged()).toHaveLength(4);
});

test("control alone is lost: the log says so, and there is nobody else to tell", () => {
  const { clock, control, told, logged } = setUp();

  control.cut();
  clock.advance(60_000);

  expect(told).toEqual([]);
  expect(logged()).toEqual(["connection.lost control"]);
});

test("control comes back first, and calls not at all: that is told then", () => {
  const { clock, control, rpc, told } = setUp();

  control.cut();
  rpc.cut();
  clock.advance(60_000);
  control.restore();
  clock.advance(2000);

  expect(told).toEqual(["disconnected"]);
});

test("a connection looks whether it lives when the other one is lost, and dials when the other one is back", () => {
  const { control, rpc, probes } = setUp();

  control.cut();
  const lost = [...probes];
  rpc.cut();
  rpc.restore();

  expect(lost).toEqual(["calls"]);
  expect(probes).toEqual(["calls", "control"]);
});

test("it ends with its signal", () => {
  const { clock, rpc, told, ended, logged } = setUp();

  rpc.cut();
  ended.abort();
  clock.advance(2000);

  expect(told).toEqual([]);
  expect(logged()).toEqual(["connection.lost calls"]);
});
