import type { LookupAddress } from "node:dns";
import { expect, test } from "vitest";

import { isPublic, PrivateAddress, publicLookup } from "../../../src/cli/public-address.ts";

test.each([
  "0.0.0.0",
  "10.1.2.3",
  "100.64.0.1",
  "127.0.0.1",
  "127.255.0.1",
  "169.254.169.254",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.1.1",
  "198.18.0.1",
  "224.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "::ffff:127.0.0.1",
  "::ffff:a00:1",
  "::7f00:1",
  "64:ff9b::a00:1",
  "2002:a00:1::",
  "fc00::1",
  "fd12::1",
  "fe80::1",
  "ff02::1",
  "2001:db8::1",
  "",
  "localhost",
  "example.com",
  "127.1",
  "0x7f000001",
])("%s is not everybody's", (address) => {
  expect(isPublic(address)).toBe(false);
});

test.each(["1.1.1.1", "140.82.121.33", "172.32.0.1", "2606:4700::1111", "::ffff:1.1.1.1"])(
  "%s is everybody's",
  (address) => {
    expect(isPublic(address)).toBe(true);
  },
);

test.each([{ all: true }, { all: false }])(
  "a name for this machine is refused (%j)",
  async (all) => {
    const found = new Promise<string | LookupAddress[]>((resolve, reject) => {
      publicLookup("localhost", all, (error, address) =>
        error === null ? resolve(address) : reject(error),
      );
    });

    await expect(found).rejects.toBeInstanceOf(PrivateAddress);
  },
);
