/** What a compression of record batches does, and how much it may take of memory and of the event loop. */
import { Fault } from "@rondo/core";

/** Lets everything else have its turn on the event loop. */
export type Turn = () => Promise<void>;

/** One compression. Bytes that it is given are not touched while it works. */
export interface Codec {
  /** Its number in the attributes of a batch. */
  readonly id: number;
  /** Compresses records; the result is in pieces, which stand one after the other in memory of their own. */
  compress(records: Buffer, turn: Turn): Promise<readonly Uint8Array[]>;
  /**
   * Undoes it. Rejects with a Fault: `corrupt` for what is not of its format, `too_large` where more than `limit` bytes would come of
   * it, `unavailable` where there is no memory now. Holds no more than a block beyond the limit.
   */
  inflate(bytes: Buffer, limit: number, turn: Turn): Promise<Buffer>;
}

/** Bytes that are worked on between two turns of the event loop: half a millisecond of LZ4, one and a half of snappy. */
export const SLICE_BYTES = 1 << 20;

/** The Fault for bytes that are not of their format. */
export function corrupt(codec: string, what: string, cause?: unknown): Fault {
  return new Fault("corrupt", `${codec}: ${what}`, { cause });
}

/** The Fault for what would become too large. */
export function tooLarge(codec: string, limit: number): Fault {
  return new Fault("too_large", `${codec}: it inflates to more than the ${limit} B that a batch may have`);
}

/** Joins what was made, without a copy where it is one piece. */
export function joined(pieces: readonly Uint8Array[]): Buffer {
  const [first] = pieces;
  return pieces.length === 1 && Buffer.isBuffer(first) ? first : Buffer.concat(pieces);
}
