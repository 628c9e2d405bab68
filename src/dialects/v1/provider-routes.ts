/**
 * Commands for providers: auction, start, stop (wasmCloud `wasmbus/{mod,ctl}.rs` and
 * `crates/control-interface/src/types/ctl.rs` @ v1.9.2).
 */
import type { HostId, LatticeId } from "../../core/ids.ts";
import type { RouteEntry } from "../route.ts";
import type { Shape } from "../../wire/shape.ts";

import { entityId } from "../../core/ids.ts";
import {
  defaulting,
  dictionary,
  list,
  optional,
  readJson,
  record,
  text,
} from "../../wire/shape.ts";
import { plain } from "../json.ts";
import { route } from "../route.ts";
import { success } from "./messages.ts";
import { controlSubject } from "./subjects.ts";

interface AuctionRequest {
  readonly provider_ref: string;
  readonly provider_id: string;
  readonly constraints: ReadonlyMap<string, string>;
}
const auctionRequest: Shape<AuctionRequest> = record<AuctionRequest>({
  provider_ref: defaulting(text, ""),
  provider_id: text,
  constraints: dictionary(text),
});

interface StartRequest {
  readonly provider_id: string;
  readonly provider_ref: string;
  readonly config: readonly string[];
  readonly annotations: ReadonlyMap<string, string> | undefined;
}
const startRequest: Shape<StartRequest> = record<StartRequest>({
  provider_id: text,
  provider_ref: defaulting(text, ""),
  config: defaulting(list(text), []),
  annotations: optional(dictionary(text)),
});

interface StopRequest {
  readonly provider_id: string | undefined;
  /** An earlier name of `provider_id`, which upstream still reads. */
  readonly provider_ref: string | undefined;
}
const stopRequest: Shape<StopRequest> = record<StopRequest>({
  provider_id: optional(text),
  provider_ref: optional(text),
});

export function providerRoutes(lattice: LatticeId, host: HostId): readonly RouteEntry[] {
  const at = (tail: string): string => controlSubject(lattice, tail);
  return [
    route({
      subject: at("provider.auction"),
      command: "provider.bid",
      decode: ({ data }) => {
        const { provider_ref, provider_id, constraints } = readJson(data, auctionRequest);
        return { id: entityId(provider_id), image: provider_ref, constraints };
      },
      malformed: "failed to deserialize provider auction command",
      encode: (reply, { id, image, constraints }) =>
        reply === "silent"
          ? undefined
          : success("", {
              host_id: host,
              provider_ref: image,
              provider_id: id,
              constraints: plain(constraints),
            }),
    }),
    route({
      subject: at(`provider.start.${host}`),
      command: "provider.start",
      decode: ({ data }) => {
        const request = readJson(data, startRequest);
        return {
          id: entityId(request.provider_id),
          image: request.provider_ref,
          annotations: request.annotations ?? new Map(),
          configNames: request.config,
        };
      },
      malformed: "failed to deserialize provider start command",
      encode: () => success("successfully started provider"),
    }),
    route({
      subject: at(`provider.stop.${host}`),
      command: "provider.stop",
      decode: ({ data }) => {
        const { provider_id, provider_ref } = readJson(data, stopRequest);
        return { id: entityId(provider_id ?? provider_ref ?? "") };
      },
      malformed: "failed to deserialize provider stop command",
      encode: () => success("successfully stopped provider"),
    }),
  ];
}
