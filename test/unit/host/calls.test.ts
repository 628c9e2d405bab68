import { createMemoryLattice } from "../../../src/bus/memory.ts";
import { callsContract } from "../../contract/calls.ts";

const lattice = createMemoryLattice();
const connect = () => Promise.resolve(lattice.connect());

callsContract({ name: "within a node", connect, nodes: "one" });
callsContract({ name: "over a bus", connect, nodes: "two" });
callsContract({ name: "over a bus to itself", connect, nodes: "one", shortCircuit: false });
callsContract({ name: "beside the caller", connect, nodes: "one", companion: true });
