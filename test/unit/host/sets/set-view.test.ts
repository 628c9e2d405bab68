import { expect, test } from "vitest";

import { createNodeView } from "../../../../src/host/view.ts";
import { idleState } from "../../../../src/page/state/idle-state.ts";
import {
  createTestSets,
  entryOf,
  memberOf,
  serviceOf,
  setOf,
  worldOf,
} from "../../../support/sets.ts";

const WIT = `
package demo:app@1.0.0;
interface drive { go: func() -> string; }
package wasi:config@0.2.0-rc.1 { interface store { f: func(); } }
`;
const CONFIG = "wasi:config/store@0.2.0-rc.1";

test("views show what a set is and what answers it, and no value that may be a secret", async () => {
  const reader = { world: worldOf(WIT, { imports: [CONFIG] }), functions: {} };
  const live = { world: worldOf(WIT, { exports: ["demo:app/drive@1.0.0"] }), functions: {} };
  const offers = [
    { id: "wasi-config", imports: [entryOf("wasi:config", ["store"])], exports: [], named: false },
  ];
  const { sets } = createTestSets({ reader, live }, { offers });
  const secret = new Map([["password", "hunter2"]]);
  const member = memberOf("reader", { resources: { config: secret, environment: secret } });
  const interfaces = [entryOf("wasi:config", ["store"], { config: secret })];
  const image = { reference: "live", credentials: { username: "u", password: "hunter2" } };
  await sets.start(setOf([member], { interfaces, service: serviceOf("live", { image }) }));
  await sets.start(setOf(["gone"], { id: "set-2" }));
  const view = createNodeView({
    initial: idleState(),
    now: () => 0,
    changed: () => undefined,
  });

  const { workloadSets, workloads } = view.state([], [], sets.entries());

  expect(workloads).toEqual([]);
  expect(JSON.stringify(workloadSets)).not.toContain("hunter2");
  expect(workloadSets).toMatchObject([
    {
      id: "set-1",
      namespace: "default",
      name: "shop",
      phase: "running",
      message: "Workload is Running",
      members: [
        {
          id: "default/shop/reader",
          name: "reader",
          role: "component",
          image: "reader",
          state: { phase: "running" },
          met: { [CONFIG]: "host" },
        },
        { id: "default/shop/service", name: "service", role: "service", image: "live", met: {} },
      ],
      interfaces: [{ namespace: "wasi", package: "config", interfaces: ["store"] }],
    },
    {
      id: "set-2",
      phase: "failed",
      message: "failed to pull image for component 'gone': GET gone answered 404 Not Found",
      members: [],
    },
  ]);
});
