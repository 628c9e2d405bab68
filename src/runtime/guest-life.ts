/**
 * What an instance of a guest has chosen and been given, for as long as it lives: for one call, or for several if a
 * resource lives in it.
 *
 * Handles of other nodes' resources are noted here, past the worker, which may crash: at the end of the instance their
 * owners hear of it.
 */
import type { Importee } from "../core/call.ts";
import type { FuncType, WitValue } from "../core/wit.ts";
import type { Handle } from "../wire/type-parts.ts";
import type { FileServer, InstanceFiles } from "./files/file-server.ts";

import { partsOf } from "../wire/type-parts.ts";
import { seeParams, seeResults } from "../wire/own-handles.ts";
import { isResourceHandle, readHandle } from "../wire/resource-handle.ts";

export interface GuestLife {
  /** The link names that it has chosen. */
  readonly linkNames: Map<string, string>;
  /** What it has open of the component's mounts; absent if that has none. */
  readonly files: InstanceFiles | undefined;
  /** Values that the guest is given: it has the handles among them for good. */
  given(type: FuncType, side: Side, values: readonly WitValue[]): void;
  /** Values that it gives away. */
  taken(type: FuncType, side: Side, values: readonly WitValue[]): void;
  /** It has dropped one. */
  dropped(handle: Uint8Array): void;
  /** All that it still has is dropped, and closed. */
  end(): void;
}

export type Side = "params" | "results";

/** Handles of imports that a guest owns. Those of its own resources are its own matter. */
const isForeign = ({ of, kind }: Handle): boolean => of !== undefined && kind === "own";

export function createGuestLife(imports: Importee, server?: FileServer): GuestLife {
  const files = server?.open();
  const linkNames = new Map<string, string>();
  const held = new Map<string, () => void>();
  const look = (
    type: FuncType,
    side: Side,
    values: readonly WitValue[],
    see: (handle: Handle, bytes: Uint8Array, id: string) => void,
  ): void => {
    if (imports.drop === undefined || !partsOf(type).handles) return;
    const each = (handle: Handle, bytes: WitValue): void => {
      if (isResourceHandle(bytes)) see(handle, bytes, idOf(bytes));
    };
    if (side === "params") seeParams(type, values, isForeign, each);
    else seeResults(type, values, isForeign, each);
  };
  const drop = (id: string): void => {
    const tell = held.get(id);
    held.delete(id);
    tell?.();
  };
  return {
    linkNames,
    files,
    given(type, side, values) {
      look(type, side, values, ({ of = "", resource }, handle, id) => {
        held.set(id, () => imports.drop?.({ instance: of, resource, handle, linkNames }));
      });
    },
    taken(type, side, values) {
      look(type, side, values, (_, __, id) => held.delete(id));
    },
    dropped: (handle) => drop(idOf(handle)),
    end() {
      for (const id of Array.from(held.keys())) drop(id);
      files?.end();
    },
  };
}

function idOf(handle: Uint8Array): string {
  return readHandle(handle)?.id ?? "";
}
