/** The copy of everything that puts a request together out of ranges of another: most of them are short. */

/** A native copy costs 20 to 30 ns to call: up to so many bytes those of a loop are faster, and up to so many its words. */
const FEW_BYTES = 24;
const FEW_WORDS = 256;
const WORD = 8;

/** Copies `source[start, stop)` to `out` at `to`, and returns the position behind it. A Buffer copies without a view being made. */
export function copyRange(source: Buffer, start: number, stop: number, out: Buffer, to: number): number {
  const end = to + stop - start;
  if (stop - start >= FEW_BYTES) source.copy(out, to, start, stop);
  else for (let from = start, pos = to; from < stop; from++) out[pos++] = source[from] ?? 0;
  return end;
}

/** The same for many ranges of one buffer: copies by words, for which it makes views that cost as much as four native copies. */
export class RangeCopy {
  readonly #source: Buffer;
  readonly #out: Buffer;
  readonly #from: DataView;
  readonly #to: DataView;

  constructor(source: Buffer, out: Buffer) {
    this.#source = source;
    this.#out = out;
    this.#from = new DataView(source.buffer, source.byteOffset, source.length);
    this.#to = new DataView(out.buffer, out.byteOffset, out.length);
  }

  /** Copies `[start, stop)` to `to`, and returns the position behind it. */
  copy(start: number, stop: number, to: number): number {
    const size = stop - start;
    const from = this.#from;
    const out = this.#to;
    if (size > FEW_WORDS) this.#source.copy(this.#out, to, start, stop);
    else if (size < WORD) for (let i = 0; i < size; i++) out.setUint8(to + i, from.getUint8(start + i));
    else {
      const last = size - WORD;
      for (let i = 0; i < last; i += WORD) out.setBigUint64(to + i, from.getBigUint64(start + i, true), true);
      // The last word may overlap the one before: that is less than to go on by bytes.
      out.setBigUint64(to + last, from.getBigUint64(start + last, true), true);
    }
    return to + size;
  }
}

/** The same bytes, not copied, as a Buffer. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
