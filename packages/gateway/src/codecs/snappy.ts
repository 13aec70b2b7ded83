/** Snappy as gRPC and Collectors send it: a single block, or the framed stream. format_description.txt, framing_format.txt. */
import { crc32c, Fault } from "@rondo/core";
import { BLOCK_WORK, type Codec, type Output, SLICE_BYTES } from "./codec.ts";
import { copyBack, copyLiteral, littleEndian } from "./copies.ts";

const IDENTIFIER = Buffer.from("\xff\x06\x00\x00sNaPpY", "latin1");

/** Chunk types: §4 of the framing format. Other types below 0x80 must not be skipped. */
const CHUNK = { compressed: 0x00, uncompressed: 0x01, skippable: 0x80, identifier: 0xff } as const;
const CHUNK_BYTES = 1 << 16;

/** No element makes more of a byte than this: a copy of 64 bytes is written in 3. */
const GREATEST_RATIO = 64 / 3;

/** The framed stream when the body begins as one does, else a single block: what the Collector takes for `snappy`. */
export const snappy: Codec = (body, output) =>
  IDENTIFIER.equals(body.subarray(0, IDENTIFIER.length)) ? framed(body, output) : block(body, output);

/** The framed stream alone. */
export const snappyFramed: Codec = (body, output) => framed(body, output);

async function block(body: Uint8Array, output: Output): Promise<void> {
  const { length, at } = declaredLength(body);
  output.declared(length);
  const reading: Reading = { at, out: Buffer.allocUnsafeSlow(length), filled: 0 };
  while (!decode(body, reading, reading.filled + SLICE_BYTES)) await output.work(SLICE_BYTES);
  output.take(reading.out);
}

async function framed(body: Uint8Array, output: Output): Promise<void> {
  if (body[0] !== CHUNK.identifier) throw new Fault("invalid", "snappy: it does not begin with the stream identifier");
  const scratch = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  for (let at = 0; at < body.length; ) {
    const type = body[at] ?? 0;
    const start = at + 4;
    at = start + littleEndian(body, at + 1, 3);
    if (at > body.length) throw new Fault("invalid", "snappy: a chunk ends early");
    const chunk = body.subarray(start, at);
    let made = 0;
    if (type === CHUNK.compressed || type === CHUNK.uncompressed) {
      const data = type === CHUNK.compressed ? wholeBlock(chunk.subarray(4), scratch) : chunk.subarray(4);
      if (littleEndian(chunk, 0, 4) !== masked(crc32c(data))) {
        throw new Fault("invalid", "snappy: a chunk does not have its checksum");
      }
      output.write(data);
      made = data.length;
    } else if (type === CHUNK.identifier) {
      if (!IDENTIFIER.subarray(4).equals(chunk)) throw new Fault("invalid", "snappy: a stream identifier is wrong");
    } else if (type < CHUNK.skippable) {
      throw new Fault("invalid", `snappy: a chunk of the unknown type ${type}`);
    }
    const turn = output.work(chunk.length + made + BLOCK_WORK);
    if (turn !== undefined) await turn;
  }
}

/** A checksum as chunks carry it: §3 of the framing format. */
function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

function wholeBlock(chunk: Uint8Array, scratch: Buffer): Buffer {
  const { length, at } = declaredLength(chunk);
  if (length > CHUNK_BYTES) throw new Fault("invalid", `snappy: a chunk of ${length} B; ${CHUNK_BYTES} B may be`);
  const out = scratch.subarray(0, length);
  decode(chunk, { at, out, filled: 0 }, length + 1);
  return out;
}

/** The varint that a block begins with. Throws for lengths that the bytes behind it cannot make. */
function declaredLength(body: Uint8Array): { readonly length: number; readonly at: number } {
  let length = 0;
  for (let at = 0; at < 5; at++) {
    const byte = body[at];
    if (byte === undefined) break;
    length += (byte & 0x7f) * 2 ** (7 * at);
    if (byte >= 0x80) continue;
    if (length > (body.length - at - 1) * GREATEST_RATIO) {
      throw new Fault("invalid", `snappy: it declares ${length} B, more than ${body.length} B can hold`);
    }
    return { length, at: at + 1 };
  }
  throw new Fault("invalid", "snappy: it declares no length");
}

/** Where the reading of a block stands. */
interface Reading {
  at: number;
  readonly out: Buffer;
  filled: number;
}

/** Decodes until `until` bytes stand in `out`, or the block ends; says whether it did. */
function decode(block: Uint8Array, reading: Reading, until: number): boolean {
  const { out } = reading;
  let { at, filled } = reading;
  while (at < block.length && filled < until) {
    const tag = block[at++] ?? 0;
    const high = tag >>> 2;
    if ((tag & 3) === 0) {
      const extra = high < 60 ? 0 : high - 59;
      const length = (extra === 0 ? high : littleEndian(block, at, extra)) + 1;
      at += extra;
      if (length > block.length - at) throw new Fault("invalid", "snappy: a literal ends early");
      if (length > out.length - filled) throw tooLong(out);
      copyLiteral(block, at, out, filled, length);
      at += length;
      filled += length;
    } else {
      // One, two or four bytes of distance; with one, three bits of it and three of the length are in the tag.
      const extra = (tag & 3) === 3 ? 4 : tag & 3;
      const length = extra === 1 ? 4 + (high & 7) : 1 + high;
      const distance = littleEndian(block, at, extra) + (extra === 1 ? (tag >>> 5) * 256 : 0);
      at += extra;
      if (length > out.length - filled) throw tooLong(out);
      copyBack(out, filled, distance, length);
      filled += length;
    }
  }
  reading.at = at;
  reading.filled = filled;
  if (at < block.length) return false;
  if (filled < out.length) throw new Fault("invalid", `snappy: ${filled} B where ${out.length} B were declared`);
  return true;
}

function tooLong(out: Buffer): Fault {
  return new Fault("invalid", `snappy: more than the ${out.length} B that were declared`);
}
