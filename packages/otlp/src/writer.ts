/** Writes protobuf fields into a buffer that grows. For messages built from nothing; edits of bytes that exist are splices. */
import { Wire } from "./cursor.ts";

/** The number of bytes of an unsigned number below 2^53 as a varint. */
export function varintSize(value: number): number {
  // Almost every length is below 2^21; a float division costs more than all of these tests.
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  let size = 3;
  for (let rest = Math.floor(value / 0x200000); rest > 0; rest = Math.floor(rest / 128)) size++;
  return size;
}

/** Writes an unsigned number below 2^53 as a varint at `at` and returns the position behind it. */
export function putVarint(out: Uint8Array, at: number, value: number): number {
  let pos = at;
  let rest = value;
  for (; rest >= 0x8000_0000; rest = Math.floor(rest / 128)) out[pos++] = (rest % 128) | 0x80;
  // What is left fits 31 bits, where shifts do.
  for (; rest >= 0x80; rest >>>= 7) out[pos++] = (rest & 0x7f) | 0x80;
  out[pos++] = rest;
  return pos;
}

/** Appends fields; every method but `finish` and `open` returns the writer. Field numbers are the caller's to get right. */
export class Writer {
  #out: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #pos = 0;

  /** `capacity` is a guess in bytes; the buffer doubles when it is full. */
  constructor(capacity = 256) {
    // Not cleared: nothing is read that was not written.
    this.#out = new Uint8Array(Buffer.allocUnsafeSlow(capacity).buffer);
    this.#view = new DataView(this.#out.buffer);
  }

  /** The bytes written so far. */
  get length(): number {
    return this.#pos;
  }

  /** A tag alone; its value must follow. */
  tag(field: number, wire: number): this {
    this.#reserve(5);
    const tag = field * 8 + wire;
    if (tag < 0x80) this.#out[this.#pos++] = tag;
    else this.#pos = putVarint(this.#out, this.#pos, tag);
    return this;
  }

  /** An unsigned number below 2^53. */
  varint(value: number): this {
    this.#reserve(10);
    this.#pos = putVarint(this.#out, this.#pos, value);
    return this;
  }

  /** A signed or unsigned 64-bit integer as int64 and uint64 are written: its 64 bits, low group first. */
  varint64(value: bigint): this {
    this.#reserve(10);
    let rest = BigInt.asUintN(64, value);
    for (; rest >= 128n; rest >>= 7n) this.#out[this.#pos++] = Number(rest & 127n) | 0x80;
    this.#out[this.#pos++] = Number(rest);
    return this;
  }

  /** 64 bits of an integer, as fixed64 and sfixed64 are written. */
  fixed64(value: bigint): this {
    this.#reserve(8);
    this.#view.setBigUint64(this.#pos, BigInt.asUintN(64, value), true);
    this.#pos += 8;
    return this;
  }

  /** 32 bits of an unsigned number. */
  fixed32(value: number): this {
    this.#reserve(4);
    this.#view.setUint32(this.#pos, value, true);
    this.#pos += 4;
    return this;
  }

  /** A double. */
  double(value: number): this {
    this.#reserve(8);
    this.#view.setFloat64(this.#pos, value, true);
    this.#pos += 8;
    return this;
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): this {
    this.#reserve(bytes.length);
    this.#out.set(bytes, this.#pos);
    this.#pos += bytes.length;
    return this;
  }

  /** A field of bytes, text or an encoded message. */
  bytes(field: number, value: Uint8Array): this {
    return this.tag(field, Wire.bytes).varint(value.length).raw(value);
  }

  /** A field of text. */
  text(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value, "utf8"));
  }

  /** 64 bits of an integer in two halves, as int64 and uint64 are written. */
  varintHalves(high: number, low: number): this {
    if (high < 0x200000) return this.varint(high * 0x1_0000_0000 + low);
    this.#reserve(10);
    const out = this.#out;
    let pos = this.#pos;
    for (let shift = 0; shift < 28; shift += 7) out[pos++] = (low >>> shift) | 0x80;
    // The fifth group has four bits of the low half and three of the high one; five more groups hold the rest.
    out[pos++] = (low >>> 28) | ((high & 7) << 4) | 0x80;
    let rest = high >>> 3;
    for (; rest >= 0x80; rest >>>= 7) out[pos++] = (rest & 0x7f) | 0x80;
    out[pos++] = rest;
    this.#pos = pos;
    return this;
  }

  /** 64 bits of an integer in two halves, as fixed64 and sfixed64 are written. */
  fixedHalves(high: number, low: number): this {
    this.#reserve(8);
    this.#view.setUint32(this.#pos, low, true);
    this.#view.setUint32(this.#pos + 4, high, true);
    this.#pos += 8;
    return this;
  }

  /** The buffer, with room for so many more bytes; who writes them there says with `moved` where they end. */
  room(bytes: number): Uint8Array {
    this.#reserve(bytes);
    return this.#out;
  }

  /** The same buffer; another one after whatever makes room. */
  get view(): DataView {
    return this.#view;
  }

  /** Goes on behind bytes that were written into `room`. */
  moved(to: number): this {
    this.#pos = to;
    return this;
  }

  /**
   * Begins a message whose length is not known yet; hand the result to `close`, with the same number of bytes kept for the
   * length.
   */
  open(field: number, kept = 1): number {
    this.#reserve(5 + kept);
    const tag = field * 8 + Wire.bytes;
    if (tag < 0x80) this.#out[this.#pos++] = tag;
    else this.#pos = putVarint(this.#out, this.#pos, tag);
    this.#pos += kept;
    return this.#pos;
  }

  /** Ends the message begun at `start`. Its content moves when its length needs other than the bytes kept for it. */
  close(start: number, kept = 1): this {
    const length = this.#pos - start;
    if (kept === 1 && length < 0x80) {
      this.#out[start - 1] = length;
      return this;
    }
    const size = varintSize(length);
    if (size !== kept) {
      const extra = size - kept;
      if (extra > 0) this.#reserve(extra);
      this.#out.copyWithin(start + extra, start, this.#pos);
      this.#pos += extra;
    }
    putVarint(this.#out, start - kept, length);
    return this;
  }

  /** Forgets what was written behind the first `length` bytes. The memory stays: what `finish` gave is overwritten. */
  rewind(length: number): this {
    this.#pos = length;
    return this;
  }

  /** What was written, not copied. */
  finish(): Uint8Array {
    return this.#out.subarray(0, this.#pos);
  }

  /**
   * What was written, in memory of exactly its size: for what is kept, and to be freed, when the capacity may have been far more.
   * Nothing can be written afterwards.
   */
  finishExact(): Uint8Array {
    return new Uint8Array(this.#out.buffer.transfer(this.#pos));
  }

  #reserve(bytes: number): void {
    if (this.#pos + bytes <= this.#out.length) return;
    const grown = new Uint8Array(Math.max(this.#out.length * 2, this.#pos + bytes));
    grown.set(this.#out.subarray(0, this.#pos));
    this.#out = grown;
    this.#view = new DataView(grown.buffer);
  }
}
