/** What a component imports, answered as a host does it. */
import type { Importee } from "../../src/core/call.ts";

import { entityId } from "../../src/core/ids.ts";
import { createSource } from "../../src/core/view.ts";
import { createOutbound, type OutboundParts } from "../../src/host/outbound/outbound.ts";
import { createInterfaces } from "../../src/interfaces/interfaces.ts";
import { recordLog } from "./log-recorder.ts";

/** Of a component that nobody signed, without configuration, whose every import is linked to `greeter`, unless `parts` say otherwise. */
export function openOutbound(
  parts: Pick<OutboundParts, "id" | "world" | "reach"> & Partial<OutboundParts>,
): Importee {
  const interfaces = createInterfaces();
  return createOutbound({
    config: createSource(new Map()),
    links: () => ({
      target: () => entityId("greeter"),
      contract: () => undefined,
      names: () => [],
    }),
    linkless: () => undefined,
    claims: undefined,
    dialects: [],
    interfaces,
    own: interfaces.workload(),
    dropped: () => undefined,
    log: recordLog().log,
    ...parts,
  });
}
