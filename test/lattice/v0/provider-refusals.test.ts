/** What an in-page provider answers to calls that are not what they claim to be: word for word as a native one of 0.82. */
import { decode, encode } from "@msgpack/msgpack";
import { beforeAll, expect, test, vi } from "vitest";

import { entityId } from "../../../src/core/ids.ts";
import { keyvalueKind } from "../../../src/providers/keyvalue/keyvalue.ts";
import { createMemoryKeyvalue } from "../../../src/storage/keyvalue-memory.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { connectPeer } from "../../support/native-peer.ts";
import { shows } from "../../support/protocol-rows.ts";
import { shared } from "../../support/shared.ts";
import { startV0Host } from "../../support/wasmbus-host.ts";
import {
  actorEntity,
  invocation,
  nkey,
  type PeerCall,
  respond,
  subjectOf,
} from "../../support/wasmbus-peer.ts";

const cluster = nkey("C");
const keys = { cluster, host: nkey("N") };
const provider = nkey("V").public;
const target = { public_key: provider, link_name: "default", contract_id: "wasmcloud:keyvalue" };
const origin = actorEntity(nkey("M").public);
const elsewhere = nkey("V").public;
const call: PeerCall = { origin, target, operation: "KeyValue.Get", msg: encode("a") };

const server = shared(() => launchNats());
const peer = shared(() => connectPeer(server.ws));
const providers = [keyvalueKind(async ({ maxBytes }) => createMemoryKeyvalue(maxBytes))];
const node = shared(() => startV0Host({ url: server.ws, cluster, parts: { providers } }));
const lenient = shared(() =>
  startV0Host({
    url: server.ws,
    cluster,
    lattice: "lenient",
    parts: { providers },
    v0: { strict: false },
  }),
);

beforeAll(async () => {
  for (const { host } of [node, lenient]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await host.run("provider.start", {
      id: entityId(provider),
      image: "inlay:///keyvalue",
      annotations: new Map(),
      configNames: [],
    });
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await vi.waitUntil(() => host.inventory().providers.length === 1, { timeout: 10_000 });
  }
});

type Fields = Record<string, unknown>;
const part = (token: unknown, at: number): string => String(token).split(".")[at] ?? "";

/** A genuine invocation with other fields. */
const changed = (change: Fields, of: PeerCall = call): Uint8Array =>
  encode({ ...(decode(invocation(of, keys)) as Fields), ...change });

/** A genuine invocation with other claims, which the cluster has signed. */
function claiming(change: Fields): Uint8Array {
  const fields = decode(invocation(call, keys)) as Fields;
  const head = part(fields["encoded_claims"], 0);
  const claims: Fields = JSON.parse(
    Buffer.from(part(fields["encoded_claims"], 1), "base64url").toString(),
  );
  const body = Buffer.from(JSON.stringify({ ...claims, ...change })).toString("base64url");
  const signature = cluster.sign(Buffer.from(`${head}.${body}`)).toString("base64url");
  return encode({ ...fields, encoded_claims: `${head}.${body}.${signature}` });
}
const wascap = (data: Uint8Array): Fields => {
  const { encoded_claims } = decode(data) as Fields;
  return JSON.parse(Buffer.from(part(encoded_claims, 1), "base64url").toString()).wascap;
};
const another = invocation({ ...call, operation: "KeyValue.Set" }, keys);
const url = `wasmbus://wasmcloud/keyvalue/default/${provider}`;

test.each<[string, Uint8Array, string]>([
  [
    "an unknown issuer",
    invocation(call, { ...keys, cluster: nkey("C") }),
    "Issuer of this invocation is not in list of cluster issuers",
  ],
  ["another argument", changed({ msg: encode("b") }), "Invocation hash does not match claims hash"],
  ["no token", changed({ encoded_claims: "a.b.c" }), "Invocation claims are not valid JSON"],
  ["a token that has expired", claiming({ exp: 1_600_000_000 }), "Invocation claims token expired"],
  ["a token for later", claiming({ nbf: 4_000_000_000 }), "Invocation claims not valid yet"],
  [
    "somebody else's signature",
    changed({
      encoded_claims: ((token: unknown) =>
        `${part(token, 0)}.${part(token, 1)}.${part((decode(another) as Fields)["encoded_claims"], 2)}`)(
        (decode(invocation(call, keys)) as Fields)["encoded_claims"],
      ),
    }),
    "Invocation claims signature invalid",
  ],
  [
    "a token that says nothing of a call",
    claiming({ wascap: undefined }),
    "Invocation claims missing wascap metadata",
  ],
  [
    "a token of another operation",
    claiming({ wascap: wascap(another) }),
    `Target of the invocation was ${url}/KeyValue.Set, which does not match the provider ${url}/KeyValue.Get`,
  ],
  [
    "another caller",
    changed({ origin: actorEntity(elsewhere.replace("V", "M")) }),
    `Invocation claims and invocation origin URL do not match: wasmbus://${origin.public_key} != wasmbus://${elsewhere.replace("V", "M")}`,
  ],
  ["a host that is none", changed({ host_id: "nobody" }), "Invalid host ID: nobody"],
  [
    "a call of another provider",
    invocation({ ...call, target: { ...target, public_key: elsewhere } }, keys),
    `Target of the invocation was ${elsewhere}, which does not match the provider ${provider}`,
  ],
  [
    "a caller without a link",
    invocation(call, keys),
    `Actor ${origin.public_key} is not linked to this provider`,
  ],
])("refuses %s", async (_, data, error) => {
  shows("0.82, calls: called: errors");
  const response = await respond(peer.nats, subjectOf("default", target), data);
  expect(response).toEqual({
    msg: new Uint8Array(0),
    invocation_id: (decode(data) as Fields)["id"],
    error: `Error when handling invocation: ${error}`,
    content_length: 0,
    traceContext: {},
  });
});

test("refuses an argument that is not in the object store", async () => {
  const long = { ...call, msg: new Uint8Array(1_000_000) };
  const data = invocation(long, { ...keys, id: "long-1", inline: new Uint8Array(0) });
  const response = await respond(peer.nats, subjectOf("default", target), data);
  expect(response.error).toBe(
    "Error when handling invocation: Error when chunking data: the object store has nothing under long-1",
  );
});

test("refuses calls of another provider also where the subject is not looked at", async () => {
  const data = invocation({ ...call, target: { ...target, public_key: elsewhere } }, keys);
  const response = await respond(peer.nats, subjectOf("lenient", target), data);
  expect(response.error).toBe(
    `Error when handling invocation: Target of the invocation was ${elsewhere}, which does not match the provider ${provider}`,
  );
});
