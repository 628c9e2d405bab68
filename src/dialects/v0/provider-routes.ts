/** Commands for providers: `lp` and `sp` (wasmCloud v0.82.0 `crates/host/src/wasmbus/mod.rs`). */
import type { HostId, LatticeId } from "../../core/ids.ts";
import type { RouteEntry } from "../route.ts";

import { DEFAULT_LINK } from "../../core/link.ts";
import { readJson } from "../../wire/shape.ts";
import { asked, route } from "../route.ts";
import { providerKey } from "./identify.ts";
import {
  accepted,
  configurationOf,
  refused,
  startProviderRequest,
  stopProviderRequest,
} from "./messages.ts";
import { controlSubject } from "./subjects.ts";

export function providerCommands(lattice: LatticeId, host: HostId): readonly RouteEntry[] {
  const at = (tail: string): string => controlSubject(lattice, `cmd.${host}.${tail}`);
  return [
    route({
      subject: at("lp"),
      command: "provider.start",
      async decode({ data }) {
        const request = readJson(data, startProviderRequest);
        const { provider_ref: image, annotations = new Map() } = request;
        return {
          id: await providerKey(image),
          image,
          annotations,
          linkName: request.link_name === "" ? DEFAULT_LINK : request.link_name,
          configNames: [],
          config: configurationOf(request.configuration),
        };
      },
      malformed: "failed to deserialize provider launch command",
      encode: () => accepted,
    }),
    asked({
      subject: at("sp"),
      malformed: "failed to deserialize provider stop command",
      decode: ({ data }) => readJson(data, stopProviderRequest),
      async answer({ provider_ref, link_name, annotations = new Map() }, control) {
        const { providers } = await control.run("host.describe", undefined);
        const running = providers.find(({ id }) => id === provider_ref);
        if (running === undefined) return accepted;
        if ((running.linkName ?? DEFAULT_LINK) !== link_name) {
          return refused("provider with that link name is not running");
        }
        const meant = [...annotations].every(
          ([key, value]) => running.annotations.get(key) === value,
        );
        if (meant) await control.run("provider.stop", { id: running.id });
        return accepted;
      },
    }),
  ];
}
