/** Link definitions and stored claims of 0.82 against vectors. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

import {
  linkId,
  linkKey,
  readLinkJson,
  readLinkMsgpack,
  writeLinkJson,
  writeLinkMsgpack,
} from "../../../../src/dialects/v0/facts/link-definition.ts";
import {
  claimsEntry,
  claimsKey,
  readStoredClaims,
  writeStoredClaims,
} from "../../../../src/dialects/v0/facts/stored-claims.ts";
import { fromHex, toHex } from "../../../support/hex.ts";

interface Vectors {
  readonly computed: {
    readonly link_definition: {
      readonly json: string;
      readonly msgpack_hex: string;
      readonly id: string;
      readonly kv_key: string;
    };
    readonly stored_claims: readonly { readonly key: string; readonly json: string }[];
  };
}
const { computed }: Vectors = JSON.parse(
  readFileSync(new URL("../../../vectors/wasmbus-0.82.json", import.meta.url), "utf8"),
);
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (data: Uint8Array): string => new TextDecoder().decode(data);

describe("a link definition", () => {
  const { json, msgpack_hex, id, kv_key } = computed.link_definition;

  test("is the same in JSON and in MessagePack, byte for byte", () => {
    const link = readLinkJson(utf8(json));
    expect(readLinkMsgpack(fromHex(msgpack_hex))).toEqual(link);
    expect(textOf(writeLinkJson(link))).toBe(json);
    expect(toHex(writeLinkMsgpack(link))).toBe(msgpack_hex);
  });

  test("is kept under the hash of actor, contract and name", async () => {
    const link = readLinkJson(utf8(json));
    expect(await linkId(link)).toBe(id);
    expect(linkKey(await linkId(link))).toBe(kv_key);
    expect(await linkId({ ...link, link_name: "other" })).not.toBe(id);
  });

  test.each(['{"actor_id":"M"}', '{"values":null}', '{"values":{"a":1}}', "[]", "nothing"])(
    "refused: %s",
    (wrong) => expect(() => readLinkJson(utf8(wrong))).toThrow(/must be|expected JSON/),
  );
});

describe("stored claims", () => {
  test.each(computed.stored_claims)("$key both ways", ({ key, json }) => {
    const claims = readStoredClaims(utf8(json));
    expect(claimsKey(claims.subject)).toBe(key);
    expect(textOf(writeStoredClaims(claims))).toBe(json);
  });

  test("are read by their older names, with lists in one text", () => {
    const claims = readStoredClaims(
      utf8(
        '{"call_alias":"a","caps":"x:y,z:w","iss":"A","name":"","rev":"4","sub":"M","tags":"","version":""}',
      ),
    );
    expect(claims).toMatchObject({
      capabilities: ["x:y", "z:w"],
      issuer: "A",
      subject: "M",
      tags: [],
    });
    expect(claimsEntry(claims)).toMatchObject({
      caps: "x:y,z:w",
      capabilities: "x:y,z:w",
      rev: "4",
      revision: "4",
    });
  });

  test("an actor without an alias is no actor", () => {
    expect(() =>
      readStoredClaims(
        utf8('{"caps":"","iss":"A","name":"","rev":"4","sub":"M","tags":"","version":""}'),
      ),
    ).toThrow("contract_id");
  });
});
