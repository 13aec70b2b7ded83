/**
 * Snappy as Kafka's Java client writes it: blocks of 32 KiB, each with its length, behind a header of the library that it uses
 * (github.com/xerial/snappy-java). Others, such as the Collector's client, write a single block without any of that.
 */
import { decodeSnappy, snappyLength } from "@rondo/core";
import { compress } from "snappyjs";
import { type Codec, corrupt, joined, SLICE_BYTES, type Turn, tooLarge } from "./codec.ts";

const MAGIC = Buffer.from("\x82SNAPPY\0", "latin1");
/** Behind the magic stand the version and the oldest one that can read it. */
const HEAD = Buffer.concat([MAGIC, Buffer.from([0, 0, 0, 1, 0, 0, 0, 1])]);
const BLOCK_BYTES = 32 << 10;
/** What undoing a block costs beside its bytes, as bytes of work: many empty ones must not hold the loop up. */
const BLOCK_WORK = 64;

/** https://kafka.apache.org/documentation/#messageformat: 2. */
export const snappy: Codec = {
  id: 2,
  async compress(records, turn) {
    const pieces: Uint8Array[] = [HEAD];
    for (let at = 0; at < records.length; at += BLOCK_BYTES) {
      if (at > 0 && at % SLICE_BYTES === 0) await turn();
      const block = compress(records.subarray(at, at + BLOCK_BYTES));
      const length = Buffer.alloc(4);
      length.writeUInt32BE(block.length);
      pieces.push(length, block);
    }
    return pieces;
  },
  async inflate(bytes, limit, turn) {
    if (!MAGIC.equals(bytes.subarray(0, MAGIC.length))) return await undone(bytes, limit, limit, turn);
    const pieces: Buffer[] = [];
    let made = 0;
    let worked = 0;
    for (let at = HEAD.length; at < bytes.length; ) {
      if (at + 4 > bytes.length) throw corrupt("snappy", "the length of a block ends early");
      const start = at + 4;
      at = start + bytes.readUInt32BE(at);
      if (at > bytes.length) throw corrupt("snappy", "a block ends early");
      const block = bytes.subarray(start, at);
      const piece = await undone(block, limit - made, limit, turn);
      pieces.push(piece);
      made += piece.length;
      worked += piece.length + block.length + BLOCK_WORK;
      if (worked < SLICE_BYTES) continue;
      await turn();
      worked = 0;
    }
    return joined(pieces);
  },
};

/** Undoes one block, which may have `left` of all the bytes. */
async function undone(block: Buffer, left: number, limit: number, turn: Turn): Promise<Buffer> {
  try {
    const { length, at } = snappyLength(block);
    if (length > left) throw tooLarge("snappy", limit);
    const reading = { at, out: Buffer.allocUnsafe(length), filled: 0 };
    while (!decodeSnappy(block, reading, reading.filled + SLICE_BYTES)) await turn();
    return reading.out;
  } catch (thrown) {
    throw notOfFormat(thrown);
  }
}

/** What the decoder calls invalid is, in a log, damage. */
function notOfFormat(thrown: unknown): unknown {
  const isInvalid = thrown instanceof Error && "code" in thrown && thrown.code === "invalid";
  return isInvalid ? corrupt("snappy", thrown.message.replace(/^snappy: /, ""), thrown) : thrown;
}
