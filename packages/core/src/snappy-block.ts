/** A single block of snappy, decoded as far as is asked for at a time; its length stands in front of it. format_description.txt. */
import { copyBack, copyLiteral, littleEndian } from "./copies.ts";
import { Fault } from "./fault.ts";

/** No element makes more of a byte than this: a copy of 64 bytes is written in 3. */
const GREATEST_RATIO = 64 / 3;

/**
 * The length that a block declares, and where its elements begin. Throws an `invalid` Fault for lengths that the bytes behind it cannot
 * make.
 */
export function snappyLength(body: Uint8Array): { readonly length: number; readonly at: number } {
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

/** Where the reading of a block stands; `out` has the length that the block declares. */
export interface SnappyReading {
  at: number;
  readonly out: Buffer;
  filled: number;
}

/** Decodes until `until` bytes stand in `out`, or the block ends; says whether it did. Throws an `invalid` Fault for what is no block. */
export function decodeSnappy(block: Uint8Array, reading: SnappyReading, until: number): boolean {
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
