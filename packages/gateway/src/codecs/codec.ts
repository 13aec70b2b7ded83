/** What undoes one compression: the body goes in at once, bytes come out, and whoever takes them ends it at any of them. */

/** Where the output of a codec goes, and what it may cost. */
export interface Output {
  /** The size in which memory is best asked for, bytes. */
  readonly pieceBytes: number;
  /** Called with a length that the body declares, before memory for it is taken. Throws what ends the inflation. */
  declared(bytes: number): void;
  /** Takes the next bytes over, with their memory. Throws what ends the inflation. */
  take(piece: Buffer): void;
  /** Copies the next bytes. Throws what ends the inflation. */
  write(bytes: Uint8Array): void;
  /** Waits for a place, of which there are few; for what takes long, or takes memory that nobody counts. Further calls do nothing. */
  place(): Promise<void>;
  /** Called by what computes on its thread, for so many bytes read and written; a promise when others come first. */
  work(bytes: number): Promise<void> | undefined;
}

/**
 * Undoes one compression of a whole, non-empty body. Rejects with what `output` threw, and with an `invalid` Fault for bytes that
 * are not of its format, end too early or do not have their checksum.
 */
export type Codec = (body: Uint8Array, output: Output) => Promise<void>;

/** What reading a chunk or a block costs beside its bytes, as bytes of work: many empty ones must not hold the loop up. */
export const BLOCK_WORK = 64;

/** Bytes of work between two turns of the event loop: about a millisecond. */
export const SLICE_BYTES = 1 << 20;

/**
 * The largest piece of output, bytes, and that of everything that comes in many: memory of this size goes back to the system when
 * it is freed, smaller pieces leave holes between what others hold.
 */
export const PIECE_BYTES = 256 << 10;
