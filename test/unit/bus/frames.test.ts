/** When the memory of a frame is given back: all of its messages are done with, and not before. */
import { expect, test } from "vitest";

import { createFrames } from "../../../src/bus/frames.ts";

const SIZE = 40_000;

/** A frame of messages with `sizes`, each between a line and its end; the last one ends with the frame. */
function frameOf(...sizes: readonly number[]): readonly Uint8Array[] {
  const line = 20;
  const whole = new ArrayBuffer(sizes.reduce((sum, size) => sum + line + size + 2, 0));
  let at = 0;
  return sizes.map((size) => {
    const data = new Uint8Array(whole, at + line, size);
    at += line + size + 2;
    return data;
  });
}

function track() {
  const released: ArrayBufferLike[] = [];
  const frames = createFrames(({ buffer }) => void released.push(buffer));
  return { released, frames };
}
const endOfTurn = (): Promise<void> => Promise.resolve();

test("a frame is given back when the last of its messages is done with, after the turn", async () => {
  const { released, frames } = track();
  const messages = frameOf(SIZE, SIZE);
  const [first, second] = messages.map((data) => frames.note(data));

  second?.();
  await endOfTurn();
  expect(released).toEqual([]);
  first?.();
  expect(released).toEqual([]);
  await endOfTurn();

  expect(released).toEqual([messages[0]?.buffer]);
});

test("a message that is done with while others of its frame are still to come takes nothing from them", async () => {
  const { released, frames } = track();
  const [first, second] = frameOf(SIZE, SIZE);
  if (first === undefined || second === undefined) throw new Error("no frame");

  frames.note(first)?.();
  await endOfTurn();
  expect(released).toEqual([]);
  frames.note(second)?.();
  await endOfTurn();

  expect(released).toHaveLength(1);
});

test("whoever says nothing keeps the frame, and saying it twice does not count for another", async () => {
  const { released, frames } = track();
  const [first] = frameOf(SIZE, SIZE).map((data) => frames.note(data));

  first?.();
  first?.();
  await endOfTurn();

  expect(released).toEqual([]);
});

test("an empty message at the end ends a frame; one without end is never given back", async () => {
  const { released, frames } = track();

  const [data, mark] = frameOf(SIZE, 0).map((each) => frames.note(each));
  expect(mark).toBeUndefined();
  data?.();
  const [alone] = frameOf(SIZE, SIZE);
  if (alone !== undefined) frames.note(alone)?.(); // the rest of this frame is no message
  await endOfTurn();

  expect(released).toHaveLength(1);
});

test("a message that the library has put together itself is a frame of its own", async () => {
  const { released, frames } = track();
  const data = new Uint8Array(new ArrayBuffer(3 * SIZE), 0, SIZE);

  frames.note(data)?.();
  await endOfTurn();

  expect(released).toEqual([data.buffer]);
});

test("small frames, and those of a bus that gives nothing back, are nobody's concern", () => {
  const [small] = frameOf(1000);
  const [large] = frameOf(SIZE);
  if (small === undefined || large === undefined) throw new Error("no frame");

  expect(track().frames.note(small)).toBeUndefined();
  expect(createFrames(undefined).note(large)).toBeUndefined();
});
