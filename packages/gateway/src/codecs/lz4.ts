/** LZ4 frames, block by block: no more than one block of 4 MiB is ever made before its length is known. lz4_Frame_format.md. */
import { copyBack, copyLiteral, Fault, littleEndian, XxHash32, xxhash32 } from "@rondo/core";
import { BLOCK_WORK, type Codec, type Output } from "./codec.ts";

const MAGIC = 0x184d2204;
/** The sixteen magic numbers of frames that a decoder skips. */
const SKIPPABLE = 0x184d2a50;

/** Copies reach this far back, into earlier blocks where these are linked. */
const WINDOW = 1 << 16;
const SHORTEST_MATCH = 4;

/** Bits of the frame descriptor's first byte. */
const FLAG = {
  dictionary: 1,
  reserved: 2,
  contentChecksum: 4,
  contentSize: 8,
  blockChecksum: 16,
  independent: 32,
} as const;
const VERSION = 1;

/** Every frame of the body, one after the other. */
export const lz4: Codec = async (body, output) => {
  await output.place();
  // One for all frames: their number is the client's to choose.
  let work = Buffer.allocUnsafeSlow(0);
  for (let at = 0; at < body.length; ) {
    const turn = output.work(BLOCK_WORK);
    if (turn !== undefined) await turn;
    const magic = littleEndian(body, at, 4);
    if (magic === MAGIC) {
      const header = descriptor(body, at + 4);
      const bytes = 2 * WINDOW + header.blockBytes;
      if (work.length < bytes) work = Buffer.allocUnsafeSlow(bytes);
      at = await frame(body, header, work, output);
    } else if (magic >= SKIPPABLE && magic < SKIPPABLE + 16) {
      at += 8 + littleEndian(body, at + 4, 4);
      if (at > body.length) throw invalid("a skippable frame ends early");
    } else {
      throw invalid("it is no frame of LZ4");
    }
  }
};

interface Descriptor {
  readonly flags: number;
  readonly blockBytes: number;
  readonly contentSize: number | undefined;
  /** Where the first block begins. */
  readonly at: number;
}

function descriptor(body: Uint8Array, start: number): Descriptor {
  const flags = littleEndian(body, start, 1);
  const sizes = littleEndian(body, start + 1, 1);
  if (flags >>> 6 !== VERSION || (flags & FLAG.reserved) !== 0) throw invalid("a frame of an unknown version");
  if ((flags & FLAG.dictionary) !== 0) throw invalid("a frame that needs a dictionary");
  const size = sizes >>> 4;
  if (size < 4 || size > 7) throw invalid("a frame of an unknown block size");
  let at = start + 2;
  let contentSize: number | undefined;
  if ((flags & FLAG.contentSize) !== 0) {
    contentSize = littleEndian(body, at, 4) + littleEndian(body, at + 4, 4) * 2 ** 32;
    at += 8;
  }
  if (((xxhash32(body.subarray(start, at)) >>> 8) & 0xff) !== littleEndian(body, at, 1)) {
    throw invalid("a frame's header does not have its checksum");
  }
  return { flags, blockBytes: 1 << (8 + 2 * size), contentSize, at: at + 1 };
}

/** Decodes the blocks of a frame; resolves with where it ends. */
async function frame(body: Uint8Array, header: Descriptor, work: Buffer, output: Output): Promise<number> {
  const { flags, blockBytes, contentSize } = header;
  if (contentSize !== undefined) output.declared(contentSize);
  const linked = (flags & FLAG.independent) === 0;
  const checksum = (flags & FLAG.contentChecksum) === 0 ? undefined : new XxHash32();
  let made = 0;
  // Where in `work` the next block is made. What linked blocks may copy stands before it.
  let to = 0;
  let at = header.at;
  for (;;) {
    const head = littleEndian(body, at, 4);
    at += 4;
    if (head === 0) break;
    // The highest bit says: bytes as they are.
    const plain = head >= 2 ** 31;
    const end = at + (plain ? head - 2 ** 31 : head);
    if (end > body.length) throw invalid("a block ends early");
    const block = body.subarray(at, end);
    if (block.length > blockBytes) throw invalid(`a block of ${block.length} B; ${blockBytes} B may be`);
    at = end;
    if ((flags & FLAG.blockChecksum) !== 0) {
      if (xxhash32(block) !== littleEndian(body, at, 4)) throw invalid("a block does not have its checksum");
      at += 4;
    }
    if (!linked) to = 0;
    else if (to > 2 * WINDOW) {
      work.copyWithin(0, to - WINDOW, to);
      to = WINDOW;
    }
    if (plain) work.set(block, to);
    const length = plain ? block.length : decode(block, work, to, blockBytes);
    const piece = work.subarray(to, to + length);
    to += length;
    made += length;
    checksum?.update(piece);
    output.write(piece);
    const turn = output.work(block.length + length + BLOCK_WORK);
    if (turn !== undefined) await turn;
  }
  if (contentSize !== undefined && made !== contentSize)
    throw invalid(`${made} B where ${contentSize} B were declared`);
  if (checksum === undefined) return at;
  if (checksum.digest() !== littleEndian(body, at, 4)) throw invalid("a frame does not have its checksum");
  return at + 4;
}

/** Decodes a block of at most `most` bytes into `work` at `to`; what stands before may be copied. Returns its length. */
function decode(block: Uint8Array, work: Buffer, to: number, most: number): number {
  const limit = to + most;
  let filled = to;
  let at = 0;
  for (;;) {
    const token = littleEndian(block, at++, 1);
    let literals = token >>> 4;
    if (literals === 15) {
      const ended = lengthEnd(block, at);
      literals += longLength(block, at, ended);
      at = ended;
    }
    if (literals > block.length - at) throw invalid("a literal ends early");
    if (literals > limit - filled) throw invalid("a block is longer than its frame allows");
    copyLiteral(block, at, work, filled, literals);
    at += literals;
    filled += literals;
    // The last sequence of a block has no copy.
    if (at === block.length) return filled - to;
    const distance = littleEndian(block, at, 2);
    at += 2;
    let length = (token & 15) + SHORTEST_MATCH;
    if (length === 15 + SHORTEST_MATCH) {
      const ended = lengthEnd(block, at);
      length += longLength(block, at, ended);
      at = ended;
    }
    if (length > limit - filled) throw invalid("a block is longer than its frame allows");
    copyBack(work, filled, distance, length);
    filled += length;
  }
}

/** Where a length that does not fit its token ends: at the first byte below 255, each of which adds its value. */
function lengthEnd(block: Uint8Array, start: number): number {
  let at = start;
  while (block[at] === 255) at++;
  if (at >= block.length) throw invalid("a length ends early");
  return at + 1;
}

/** What the bytes of a length add up to: all but the last are 255. */
function longLength(block: Uint8Array, start: number, end: number): number {
  return (end - start - 1) * 255 + (block[end - 1] ?? 0);
}

function invalid(what: string): Fault {
  return new Fault("invalid", `lz4: ${what}`);
}
