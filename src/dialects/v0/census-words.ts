/** How hosts of 0.82 are asked whether they are there. */
import type { LatticeId } from "../../core/ids.ts";
import type { CensusWords } from "../census.ts";

import { readJson } from "../../wire/shape.ts";
import { hostNews } from "../census.ts";
import { controlSubject } from "./subjects.ts";

export function censusWords(lattice: LatticeId): CensusWords {
  return {
    ping: controlSubject(lattice, "ping.hosts"),
    inventory: (id) => controlSubject(lattice, `get.${id}.inv`),
    event: (name) => `wasmbus.evt.${lattice}.${name}`,
    // Heartbeats are inventories. OTP hosts and Rust hosts before 0.82 have a map there.
    speaks: (data) => data.has("actors") || (data.has("components") ? false : undefined),
    readPing: (data) => readJson(data, hostNews),
  };
}
