import { describe, expect, test } from "vitest";

import { entityId, latticeId } from "../../../src/core/ids.ts";
import { placePrefix, placeTail } from "../../../src/wire/place-subjects.ts";
import {
  isRandomId,
  isResourceHandle,
  randomId,
  readHandle,
  writeHandle,
} from "../../../src/wire/resource-handle.ts";
import { fromHex, toHex } from "../../support/hex.ts";

const place = "00112233445566778899aabbccddeeff";
const id = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";

describe("handles", () => {
  test("are these bytes", () => {
    expect(toHex(writeHandle({ place, id }))).toBe(`00696e6c01${place}${id}`);
  });

  test("are read as they were written", () => {
    expect(readHandle(writeHandle({ place, id }))).toEqual({ place, id });
  });

  test.each([
    { what: "too short", bytes: fromHex(`00696e6c01${place}${id.slice(2)}`) },
    { what: "too long", bytes: fromHex(`00696e6c01${place}${id}00`) },
    { what: "of another form", bytes: fromHex(`00696e6c02${place}${id}`) },
    { what: "somebody's UUID", bytes: fromHex(place) },
    { what: "nothing", bytes: new Uint8Array(0) },
    { what: "no bytes", bytes: `00696e6c01${place}${id}` },
  ])("of others are left alone: $what", ({ bytes }) => {
    expect(readHandle(bytes)).toBe(undefined);
    expect(isResourceHandle(bytes)).toBe(false);
  });

  test("are random where they must be", () => {
    const ids = Array.from({ length: 100 }, randomId);

    expect(ids.every(isRandomId)).toBe(true);
    expect(new Set(ids).size).toBe(100);
    expect([id.toUpperCase(), id.slice(1), `${id}.`].some(isRandomId)).toBe(false);
  });
});

test("subjects of a place lie below those of the component", () => {
  const prefix = placePrefix(latticeId("default"), entityId("echo"), place);

  expect(prefix + placeTail("a:b/c@1.0.0", "[method]box.get")).toBe(
    `default.echo.wrpc.0.0.1.at.${place}.a:b/c@1.0.0.box.get`,
  );
  expect(prefix + placeTail("", "root")).toBe(`default.echo.wrpc.0.0.1.at.${place}.root`);
});
