import { createMemoryLattice } from "../../../src/bus/memory.ts";
import { kvContract } from "../../contract/kv.ts";

const shared = createMemoryLattice();
kvContract("memory bucket", () => Promise.resolve(shared.connect()));
