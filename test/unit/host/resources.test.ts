import { createMemoryLattice } from "../../../src/bus/memory.ts";
import { resourcesContract } from "../../contract/resources.ts";

const lattice = createMemoryLattice();
const connect = () => Promise.resolve(lattice.connect());

resourcesContract({ name: "within a node", connect, nodes: "one" });
resourcesContract({ name: "over a bus", connect, nodes: "two" });
resourcesContract({ name: "over a bus to itself", connect, nodes: "one", shortCircuit: false });
