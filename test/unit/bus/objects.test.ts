import { createMemoryLattice } from "../../../src/bus/memory.ts";
import { objectsContract } from "../../contract/objects.ts";

const shared = createMemoryLattice();
objectsContract("memory objects", () => Promise.resolve(shared.connect()));
