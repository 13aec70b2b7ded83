/** The copy of everything that puts a request together out of ranges of another: most of them are short. */

/** Ranges longer than this are copied natively, which costs 20 to 30 ns to call. */
const LONG = 256;
const WORD = 8;

/** Copies ranges of one buffer into another. */
export class RangeCopy {
  /** What is copied into. It owns its memory, and its content is arbitrary at first. */
  readonly out: Buffer;
  readonly #source: Uint8Array;
  readonly #from: DataView;
  readonly #to: DataView;

  /** From `source` into `size` new bytes. */
  constructor(source: Uint8Array, size: number) {
    this.out = Buffer.allocUnsafeSlow(size);
    this.#source = source;
    this.#from = new DataView(source.buffer, source.byteOffset, source.length);
    this.#to = new DataView(this.out.buffer);
  }

  /** Copies `[start, stop)` to `to`, and returns the position behind it. */
  copy(start: number, stop: number, to: number): number {
    const size = stop - start;
    if (size > LONG) {
      this.out.set(this.#source.subarray(start, stop), to);
      return to + size;
    }
    const from = this.#from;
    const out = this.#to;
    if (size < WORD) {
      for (let i = 0; i < size; i++) out.setUint8(to + i, from.getUint8(start + i));
      return to + size;
    }
    const last = size - WORD;
    for (let i = 0; i < last; i += WORD) out.setBigUint64(to + i, from.getBigUint64(start + i, true), true);
    // The last word may overlap the one before: that is less than to go on by bytes.
    out.setBigUint64(to + last, from.getBigUint64(start + last, true), true);
    return to + size;
  }
}
