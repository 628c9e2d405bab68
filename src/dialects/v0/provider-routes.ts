/** Commands for providers: `lp` and `sp` (wasmCloud v0.82.0 `crates/host/src/wasmbus/mod.rs`). */
import type { DialectParts } from "../../core/dialect.ts";
import type { RouteEntry } from "../route.ts";
import type { Announce } from "./announcer.ts";

import { asLatticeError } from "../../core/error.ts";
import { DEFAULT_LINK } from "../../core/link.ts";
import { readJson } from "../../wire/shape.ts";
import { asked } from "../route.ts";
import { providerKey } from "./identify.ts";
import {
  accepted,
  configurationOf,
  refused,
  startProviderRequest,
  stopProviderRequest,
} from "./messages.ts";
import { controlSubject } from "./subjects.ts";

export function providerCommands({
  lattice,
  host,
  announce,
}: Pick<DialectParts, "lattice" | "host"> & {
  readonly announce: Announce;
}): readonly RouteEntry[] {
  const at = (tail: string): string => controlSubject(lattice, `cmd.${host}.${tail}`);
  return [
    asked({
      subject: at("lp"),
      malformed: "failed to deserialize provider launch command",
      decode: ({ data }) => readJson(data, startProviderRequest),
      async answer(request, control) {
        const { provider_ref: image, annotations = new Map(), configuration } = request;
        const linkName = request.link_name === "" ? DEFAULT_LINK : request.link_name;
        const config = configurationOf(configuration);
        const id = await providerKey(image);
        const start = { id, image, annotations, linkName, configNames: [], config };
        try {
          await control.run("provider.start", start);
        } catch (cause) {
          if (asLatticeError(cause).code !== "conflict") throw cause;
          const error = "provider is already running";
          const data = { provider_ref: image, link_name: linkName, error };
          announce({ name: "provider_start_failed", data });
        }
        return accepted;
      },
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
