/** The attributes of `<lattice-host>` and of the script tag as options of a join. */
import type { JoinOptions } from "../../join.ts";

import { LatticeError } from "../../core/error.ts";
import {
  type OperatorTexts,
  readDialects,
  readIssuers,
  readLabels,
  readOperator,
  readServers,
} from "./attributes.ts";
import { credentialsOf, registriesOf } from "./credentials.ts";

/** Texts of attributes; absent ones are `null` or `undefined`, as the DOM has them. */
export type TagTexts = Readonly<
  Partial<
    Record<
      | "servers"
      | "lattice"
      | "name"
      | "labels"
      | "dialects"
      | "issuers"
      | "watch"
      | "credentials"
      | "registries"
      | "imageProxy",
      string | null | undefined
    >
  > &
    OperatorTexts
>;

/** @throws {LatticeError} `bad-input` when no server is named a label is not of the form `key=value`, a dialect, an issuer or a port is none. */
export function joinOptions(texts: TagTexts): JoinOptions {
  const { servers, lattice, name, labels, dialects, issuers, watch } = texts;
  const { credentials, registries, imageProxy } = texts;
  const operator = readOperator(texts);
  const addresses = readServers(servers ?? "");
  if (addresses.length === 0) {
    throw new LatticeError("bad-input", "servers must name at least one WebSocket address");
  }
  return {
    servers: addresses,
    ...(lattice ? { lattice } : {}),
    ...(name ? { name } : {}),
    ...(labels ? { labels: readLabels(labels) } : {}),
    ...(dialects ? { dialects: readDialects(dialects) } : {}),
    ...(issuers ? { clusterIssuers: readIssuers(issuers) } : {}),
    ...(typeof watch === "string" && watch !== "false" ? { watch: true } : {}),
    ...(operator === undefined ? {} : { operator }),
    ...(credentials ? { credentials: credentialsOf(credentials) } : {}),
    ...(registries || imageProxy
      ? {
          images: {
            ...(registries ? { registries: registriesOf(registries) } : {}),
            ...(imageProxy ? { proxy: imageProxy } : {}),
          },
        }
      : {}),
  };
}
