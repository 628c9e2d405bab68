import { createMemoryKeyvalue } from "../../../src/storage/keyvalue-memory.ts";
import { keyvalueStoreContract } from "../../contract/keyvalue-store.ts";

keyvalueStoreContract("memory", async (maxBytes) => createMemoryKeyvalue(maxBytes));
