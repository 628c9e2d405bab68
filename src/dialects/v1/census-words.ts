/** How hosts of 1.x are asked whether they are there. */
import type { LatticeId } from "../../core/ids.ts";
import type { CensusWords } from "../census.ts";

import { readJson, record } from "../../wire/shape.ts";
import { hostNews } from "../census.ts";
import { controlSubject, eventSubject } from "./subjects.ts";

const pingReply = record<{ response: ReturnType<typeof hostNews> }>({ response: hostNews });

export function censusWords(lattice: LatticeId): CensusWords {
  return {
    ping: controlSubject(lattice, "host.ping"),
    inventory: (id) => controlSubject(lattice, `host.get.${id}`),
    event: (name) => eventSubject(lattice, name),
    // Heartbeats are inventories.
    speaks: (data) => data.has("components") || (data.has("actors") ? false : undefined),
    readPing: (data) => readJson(data, pingReply).response,
  };
}
