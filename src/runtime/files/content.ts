/**
 * The bytes of one file, in blocks: what was never written takes no memory, and growing copies one block at most. How long a
 * file may be is its volume's matter.
 */

const BLOCK_BYTES = 64 * 1024;
/** A first block is no longer than it has to be, or many small files would take many times what they hold. */
const FIRST_BYTES = 256;

export interface Content {
  readonly size: number;
  /** Bytes of memory that its blocks take: twice `size` and {@link FIRST_BYTES} at most, whatever was done before. */
  readonly reserved: number;
  /** From `offset` on, at most `length` bytes: a copy. */
  read(offset: number, length: number): Uint8Array<ArrayBuffer>;
  /** Lengthens the file if need be; what lies between is zero. Throws `RangeError` if the machine has no memory, and does nothing then. */
  write(offset: number, bytes: Uint8Array): void;
  /** Throws `RangeError` as `write` does: what is cut within a block is copied, so that the rest of the block is given back. */
  resize(size: number): void;
}

export function createContent(): Content {
  /** Blocks may be absent or short: what they lack is zero, and so is what lies behind `size`. */
  let blocks: (Uint8Array<ArrayBuffer> | undefined)[] = [];
  let size = 0;

  /** Calls `each` for the parts of blocks that `length` bytes from `offset` on lie in. */
  const walk = (
    offset: number,
    length: number,
    each: (block: number, from: number, to: number, done: number) => void,
  ): void => {
    for (let done = 0; done < length;) {
      const at = offset + done;
      const from = at % BLOCK_BYTES;
      const to = Math.min(BLOCK_BYTES, from + length - done);
      each((at - from) / BLOCK_BYTES, from, to, done);
      done += to - from;
    }
  };
  /** How long a block is that has to have `length` bytes. */
  const roomFor = (length: number): number => {
    let room = FIRST_BYTES;
    while (room < length) room *= 2;
    return room;
  };
  /** Makes the block long enough. */
  const reserve = (index: number, length: number): void => {
    const known = blocks[index];
    if (known !== undefined && known.length >= length) return;
    const block = new Uint8Array(roomFor(length));
    if (known !== undefined) block.set(known);
    blocks[index] = block;
  };
  return {
    get size() {
      return size;
    },
    get reserved() {
      return blocks.reduce((sum, block) => sum + (block?.length ?? 0), 0);
    },
    read(offset, length) {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
      walk(offset, bytes.length, (index, from, to, done) => {
        const part = blocks[index]?.subarray(from, to);
        if (part !== undefined) bytes.set(part, done);
      });
      return bytes;
    },
    write(offset, bytes) {
      walk(offset, bytes.length, (index, _, to) => reserve(index, to));
      walk(offset, bytes.length, (index, from, to, done) => {
        blocks[index]?.set(bytes.subarray(done, done + to - from), from);
      });
      if (bytes.length > 0) size = Math.max(size, offset + bytes.length);
    },
    resize(next) {
      if (next < size) {
        const [whole, rest] = [Math.floor(next / BLOCK_BYTES), next % BLOCK_BYTES];
        const last = rest === 0 ? undefined : blocks[whole]?.slice(0, roomFor(rest));
        last?.fill(0, rest);
        blocks = blocks.slice(0, whole);
        if (last !== undefined) blocks[whole] = last;
      }
      size = next;
    },
  };
}
