/** Writes `docs/protocol-coverage.md` anew. */
import { writeFileSync } from "node:fs";

import { protocolTable, TABLE_FILE } from "./protocol-table.ts";

writeFileSync(TABLE_FILE, protocolTable());
