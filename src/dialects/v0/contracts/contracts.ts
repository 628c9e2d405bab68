/** All contracts of 0.82 that mean something in the interfaces of the lattice, by operation and by function. */
import type { World } from "../../../core/wit.ts";
import type { CalledFunction, Contract, ServedOperation } from "./contract.ts";

import { blobstoreContract } from "./blobstore.ts";
import { functionName } from "./contract.ts";
import { httpClientContract, httpServerContract } from "./http.ts";
import { keyvalueContract } from "./keyvalue.ts";
import { messagingContract } from "./messaging.ts";

export interface Contracts {
  /** The operation, as a target serves it, and whose it is. */
  served(operation: string): (ServedOperation & { readonly contract: string }) | undefined;
  /** The function, and the contract that a link must name for it. */
  called(
    instance: string,
    func: string,
  ): { readonly contract: string; readonly call: CalledFunction } | undefined;
  /** The first contract of which what has `world` serves an operation. */
  contractOf(world: World): string | undefined;
}

/** `now`: milliseconds that never go back. */
export function createContracts(now: () => number): Contracts {
  const all: readonly Contract[] = [
    keyvalueContract(),
    messagingContract(),
    httpServerContract(),
    httpClientContract(),
    blobstoreContract(now),
  ];
  const served = new Map(
    all.flatMap(({ id, served: operations }) =>
      Array.from(operations, ([name, each]) => [name, { ...each, contract: id }] as const),
    ),
  );
  const called = new Map(
    all.flatMap(({ id, called: functions }) =>
      Array.from(functions, ([name, call]) => [name, { contract: id, call }] as const),
    ),
  );
  return {
    served: (operation) => served.get(operation),
    contractOf: ({ exports }) =>
      all.find(({ served: operations }) =>
        [...operations.values()].some(
          ({ needs }) => needs.length > 0 && needs.every((each) => exports.has(each)),
        ),
      )?.id,
    called: (instance, func) => called.get(functionName(instance, func)),
  };
}
