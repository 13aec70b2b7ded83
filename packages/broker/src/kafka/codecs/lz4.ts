/**
 * LZ4 frames of independent blocks, as all of Kafka's clients write and read them; the blocks themselves are native. Sums inside of
 * frames are passed over: a batch has one of its own over all of them. lz4_Frame_format.md.
 */
import { xxhash32 } from "@rondo/core";
import { compressSync, uncompressSync } from "lz4-napi";
import { type Codec, corrupt, joined, SLICE_BYTES, tooLarge } from "./codec.ts";

const MAGIC = 0x184d2204;
/** Bits of the frame descriptor's first byte. */
const FLAG = { dictionary: 1, contentChecksum: 4, contentSize: 8, blockChecksum: 16, independent: 32 } as const;
const VERSION = 1;
/** Magic, two bytes, the content's size, the descriptor's sum. */
const HEAD_BYTES = 15;
/** Blocks of up to 1 MiB, as the descriptor's second byte says it. */
const BLOCK_SIZE = 6;
/** The highest bit of a block's length: its bytes are as they are. */
const PLAIN = 0x80000000;
/** What undoing a frame or a block costs beside its bytes, as bytes of work: many empty ones must not hold the loop up. */
const BLOCK_WORK = 512;
/** A block grows by no more than this. */
const GREATEST_RATIO = 255;

/** https://kafka.apache.org/documentation/#messageformat: 3. */
export const lz4: Codec = {
  id: 3,
  async compress(records, turn) {
    const pieces: Uint8Array[] = [frameHead(records.length)];
    for (let at = 0; at < records.length; at += SLICE_BYTES) {
      if (at > 0) await turn();
      const block = records.subarray(at, at + SLICE_BYTES);
      const made = compressSync(block);
      if (made.length - 4 < block.length) {
        // Before a block stands its own length, which is where the library has that of what went in.
        made.writeUInt32LE(made.length - 4);
        pieces.push(made);
      } else {
        // A copy: nothing that is given back may lead into what was given.
        pieces.push(uint32(PLAIN + block.length), Buffer.from(block));
      }
    }
    pieces.push(uint32(0));
    return pieces;
  },
  async inflate(bytes, limit, turn) {
    const pieces: Buffer[] = [];
    let made = 0;
    let worked = 0;
    const take = async (piece: Buffer, read: number) => {
      made += piece.length;
      if (made > limit) throw tooLarge("lz4", limit);
      if (piece.length > 0) pieces.push(piece);
      worked += piece.length + read + BLOCK_WORK;
      if (worked < SLICE_BYTES) return;
      await turn();
      worked = 0;
    };
    for (let at = 0; at < bytes.length; ) at = await frame(bytes, at, take);
    return joined(pieces);
  },
};

/** Takes what a block became of how many bytes; lets others have their turn now and then. */
type Take = (piece: Buffer, read: number) => Promise<void>;

/** Undoes a frame; resolves with where it ends. */
async function frame(bytes: Buffer, start: number, take: Take): Promise<number> {
  const { flags, blockBytes, contentBytes, at: first } = readHead(bytes, start);
  let left = contentBytes;
  const sum = (flags & FLAG.blockChecksum) === 0 ? 0 : 4;
  for (let at = first; ; ) {
    const head = readUint32(bytes, at);
    at += 4;
    if (head === 0) {
      await take(bytes.subarray(at, at), 0);
      return at + ((flags & FLAG.contentChecksum) === 0 ? 0 : 4);
    }
    const length = head % PLAIN;
    if (length > blockBytes) throw corrupt("lz4", `a block of ${length} B, where ${blockBytes} B may be`);
    if (at + length + sum > bytes.length) throw corrupt("lz4", "a block ends early");
    const piece =
      head >= PLAIN
        ? bytes.subarray(at, at + length)
        : block(bytes, at, length, Math.min(blockBytes, length * GREATEST_RATIO, left));
    await take(piece, length);
    left -= piece.length;
    at += length + sum;
  }
}

/** Undoes a block of at most `most` bytes. The library wants to find that before it, where its own length is: lent for the call. */
function block(bytes: Buffer, at: number, length: number, most: number): Buffer {
  const before = at - 4;
  bytes.writeUInt32LE(most, before);
  try {
    return uncompressSync(bytes.subarray(before, at + length));
  } catch (thrown) {
    throw corrupt("lz4", thrown instanceof Error ? thrown.message : String(thrown), thrown);
  } finally {
    bytes.writeUInt32LE(length, before);
  }
}

function frameHead(contentBytes: number): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32LE(MAGIC);
  head[4] = (VERSION << 6) | FLAG.independent | FLAG.contentSize;
  head[5] = BLOCK_SIZE << 4;
  head.writeUInt32LE(contentBytes, 6);
  head[14] = (xxhash32(head.subarray(4, 14)) >>> 8) & 0xff;
  return head;
}

interface Head {
  readonly flags: number;
  readonly blockBytes: number;
  /** What the frame becomes, where it says so: memory for more is not taken. */
  readonly contentBytes: number;
  /** Where the first block begins. */
  readonly at: number;
}

function readHead(bytes: Buffer, start: number): Head {
  if (readUint32(bytes, start) !== MAGIC) throw corrupt("lz4", "it is no frame of LZ4");
  const [flags = 0, sizes = 0] = bytes.subarray(start + 4, start + 6);
  if (flags >>> 6 !== VERSION) throw corrupt("lz4", "a frame of an unknown version");
  if ((flags & FLAG.independent) === 0 || (flags & FLAG.dictionary) !== 0) {
    throw corrupt("lz4", "a frame whose blocks need others, which Kafka's own consumers do not read either");
  }
  const size = (sizes >>> 4) & 7;
  if (size < 4) throw corrupt("lz4", "a frame of an unknown block size");
  const declares = (flags & FLAG.contentSize) !== 0;
  const at = start + 6 + (declares ? 8 : 0);
  if (((xxhash32(bytes.subarray(start + 4, at)) >>> 8) & 0xff) !== bytes[at]) {
    throw corrupt("lz4", "a frame's header does not have its sum");
  }
  const contentBytes = declares ? Number(bytes.readBigUInt64LE(start + 6)) : Number.POSITIVE_INFINITY;
  return { flags, blockBytes: 1 << (8 + 2 * size), contentBytes, at: at + 1 };
}

function readUint32(bytes: Buffer, at: number): number {
  if (at + 4 > bytes.length) throw corrupt("lz4", "a frame ends early");
  return bytes.readUInt32LE(at);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
