/** What a page asks of components, as commands of the host. */
import type { ChangeRequest, StartRequest } from "../../channels/node.ts";
import type { ScaleRequest } from "../../core/command.ts";
import type { Host } from "../../host/host-parts.ts";

import { LatticeError } from "../../core/error.ts";
import { entityId } from "../../core/ids.ts";

export function startRequest({
  id,
  image,
  bytes,
  maxInstances = 10,
  config = {},
  annotations = {},
}: StartRequest): ScaleRequest {
  return {
    id: entityId(id),
    image,
    maxInstances,
    annotations: new Map(Object.entries(annotations)),
    config: new Map(Object.entries(config)),
    allowUpdate: true,
    ...(bytes === undefined ? {} : { bytes }),
  };
}

/**
 * What a component has stays as it is where nothing else is asked for.
 *
 * @throws {LatticeError} `not-found`
 */
export function changeRequest(
  host: Host,
  { id, maxInstances, image, bytes }: ChangeRequest,
): ScaleRequest {
  const wanted = entityId(id);
  const entry = host.entries().find(({ spec }) => spec.id === wanted);
  if (entry === undefined) {
    throw new LatticeError("not-found", `no component "${id}" runs in this node`);
  }
  const { spec } = entry;
  return {
    id: wanted,
    image: image ?? spec.image.reference,
    maxInstances: maxInstances ?? spec.maxInstances,
    annotations: spec.annotations,
    allowUpdate: image !== undefined,
    ...(bytes === undefined ? {} : { bytes }),
  };
}
