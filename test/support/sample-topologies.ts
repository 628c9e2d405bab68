/** The view of the lattice in pictures: small, of some size, large, alone, and where little may be heard. */
import type { Link } from "../../src/core/link.ts";
import type { WatchedLattice } from "../../src/core/watched.ts";
import type { SampleView } from "./sample-views.ts";

import { crowd, host, shop, shopLinks, shopTraffic, told } from "./sample-lattice.ts";
import { working } from "./sample-states.ts";

const state = { ...working, facts: { phase: "live" } } as const;

function topology(
  lattice: WatchedLattice,
  links: readonly Link[] = [],
  press?: string,
): SampleView {
  return {
    view: "topology",
    state,
    told: {
      lattice: [lattice],
      facts: [{ status: { phase: "live" }, links, configNames: [] }],
    },
    ...(press === undefined ? {} : { press }),
  };
}

const some = crowd(40, 120);
const many = crowd(200, 1_000);
const [own] = shop;
const alone = own === undefined ? [] : [own];

/** By the name of the picture. */
export const SAMPLE_TOPOLOGIES: Readonly<Record<string, SampleView>> = {
  topology: topology(told(shop, shopTraffic), shopLinks),
  "topology-entity": topology(told(shop, shopTraffic), shopLinks, "orders"),
  "topology-host": topology(told(shop, shopTraffic), shopLinks, "solid-rock-0002"),
  "topology-40": topology(told(some.hosts), some.links),
  "topology-200": topology(
    told(many.hosts, [], { leftOut: { hosts: 12, entries: 0, messages: 0 } }),
    many.links,
  ),
  "topology-alone": topology(told(alone)),
  "topology-denied": topology(
    told(alone, [], {
      sources: [
        {
          generation: "v1",
          listening: {
            phase: "denied",
            events: ["component_scaled", "host_heartbeat", "host_started", "host_stopped"],
          },
        },
      ],
    }),
  ),
  "topology-mixed": topology(
    told(
      [
        ...alone,
        host(1, { silentSinceMs: working.calls[0]?.at, contents: "untold" }),
        host(2, {
          friendlyName: "wash-7d9f",
          generations: ["v2"],
          contents: "counted",
          tally: { workloads: 3, components: 7 },
        }),
      ],
      [],
      {
        sources: [
          { generation: "v1", listening: { phase: "live" } },
          { generation: "v2", listening: { phase: "live" } },
        ],
      },
    ),
  ),
};
