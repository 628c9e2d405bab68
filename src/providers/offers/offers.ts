/**
 * All that a node offers to components of sets, by name; the code is loaded when a set is to have it. What a page cannot
 * do, or has no offer for, is not here: it is declined.
 *
 * Names and interfaces are those of wasmCloud's own hosts (`crates/wash-runtime/src/plugin/` at v2.7.0).
 */
import type { Offer } from "../../core/offer.ts";

import { later } from "../../core/later.ts";
import { type Budget, createBudget } from "./budget.ts";

const KEYVALUE = [
  {
    namespace: "wasi",
    package: "keyvalue",
    version: "0.2.0-draft",
    interfaces: ["store", "atomics", "batch"],
  },
];
const MESSAGING = { namespace: "wasmcloud", package: "messaging", version: "0.2.0" };

/** Stores in memory of all sets that are bound to these share `memory`. */
export function createOffers(memory: Budget = createBudget()): readonly Offer[] {
  return [
    ...PLAIN,
    {
      id: "wasi-keyvalue-multiplexed",
      imports: KEYVALUE,
      exports: [],
      named: true,
      async bind(context, signal) {
        const load = later(context.clock, "key-value stores", () => import("./keyvalue.ts"));
        return (await load(signal)).bindKeyvalueChoice(context, memory);
      },
    },
  ];
}

const PLAIN: readonly Offer[] = [
  // The host answers these two by itself.
  {
    id: "wasi-config",
    imports: [
      { namespace: "wasi", package: "config", version: "0.2.0-rc.1", interfaces: ["store"] },
    ],
    exports: [],
    named: false,
  },
  {
    id: "wasi-logging",
    imports: [
      { namespace: "wasi", package: "logging", version: "0.1.0-draft", interfaces: ["logging"] },
    ],
    exports: [],
    named: false,
  },
  {
    id: "wasi-http",
    imports: [
      { namespace: "wasi", package: "http", version: undefined, interfaces: ["outgoing-handler"] },
    ],
    exports: [],
    named: false,
    builtIn: true,
    async bind(context, signal) {
      const load = later(
        context.clock,
        "requests of components",
        () => import("./http-outgoing.ts"),
      );
      return (await load(signal)).bindHttp(context);
    },
  },
  {
    id: "wasi-keyvalue",
    imports: KEYVALUE,
    exports: [],
    named: false,
    async bind(context, signal) {
      const load = later(context.clock, "key-value stores", () => import("./keyvalue.ts"));
      return (await load(signal)).bindKeyvalue(context);
    },
  },
  {
    id: "wasmcloud-messaging",
    imports: [{ ...MESSAGING, interfaces: ["consumer", "types"] }],
    exports: [{ ...MESSAGING, interfaces: ["handler"] }],
    named: false,
    async bind(context, signal) {
      const load = later(context.clock, "messaging", () => import("./messaging.ts"));
      return (await load(signal)).bindMessaging(context);
    },
  },
];
