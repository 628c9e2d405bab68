/**
 * Which addresses of the network are everybody's. Names are judged by what they resolve to, at the moment of the connection:
 * what a name resolved to a moment before says nothing.
 */
import { lookup as lookupName } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

/** IANA's special-purpose registries (RFC 6890 and updates), multicast, and what carries IPv4 inside of IPv6. */
const PRIVATE: readonly (readonly [net: string, prefix: number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
  ["::", 96],
  ["64:ff9b::", 96],
  ["64:ff9b:1::", 48],
  ["100::", 64],
  ["2001::", 32],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["fc00::", 7],
  ["fe80::", 10],
  ["fec0::", 10],
  ["ff00::", 8],
];

const privates = new BlockList();
for (const [net, prefix] of PRIVATE) {
  privates.addSubnet(net, prefix, isIP(net) === 6 ? "ipv6" : "ipv4");
}

/** True for addresses that mean a machine to everybody; of IPv4 inside of IPv6 the IPv4 counts. `address` without brackets. */
export function isPublic(address: string): boolean {
  const version = isIP(address);
  return version !== 0 && !privates.check(address, version === 6 ? "ipv6" : "ipv4");
}

/** Thrown where a name leads to an address that is not everybody's. */
export class PrivateAddress extends Error {}

/** Node's resolver, failing with {@link PrivateAddress} unless all addresses of a name are public. */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookupName(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) {
      callback(error, "");
      return;
    }
    const inside = addresses.find(({ address }) => !isPublic(address));
    const [first] = addresses;
    if (inside !== undefined || first === undefined) {
      callback(new PrivateAddress(`${hostname} is at a private address`), "");
    } else if (options.all === true) callback(null, addresses);
    else callback(null, first.address, first.family);
  });
};
