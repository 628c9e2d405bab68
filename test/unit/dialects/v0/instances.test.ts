import { expect, test } from "vitest";

import { blobstoreContract } from "../../../../src/dialects/v0/contracts/blobstore.ts";
import {
  httpClientContract,
  httpServerContract,
} from "../../../../src/dialects/v0/contracts/http.ts";
import { isCarried } from "../../../../src/dialects/v0/contracts/instances.ts";
import { keyvalueContract } from "../../../../src/dialects/v0/contracts/keyvalue.ts";
import { messagingContract } from "../../../../src/dialects/v0/contracts/messaging.ts";
import { ACTOR_GUEST } from "../../../../src/interfaces/actor.ts";

test.each(
  [
    keyvalueContract(),
    messagingContract(),
    httpServerContract(),
    httpClientContract(),
    blobstoreContract(() => 0),
  ].map((contract) => [contract.id, contract] as const),
)("all interfaces of which %s has functions are known before it is used", (_, { called }) => {
  const instances = new Set(Array.from(called.keys(), (name) => name.split("#")[0] ?? ""));
  expect(instances.size).toBeGreaterThan(0);
  for (const instance of instances)
    expect([instance, isCarried(instance)]).toEqual([instance, true]);
});

test("no other interface is", () => {
  expect(isCarried("demo:app/greeter")).toBe(false);
  expect(isCarried(ACTOR_GUEST)).toBe(true);
});
