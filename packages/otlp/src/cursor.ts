/**
 * A cursor over the fields of one protobuf message. It allocates nothing per field: `next()` moves it, its properties say
 * where the value stands. Encoding: https://protobuf.dev/programming-guides/encoding.
 *
 * ```ts
 * const field = new Cursor(body);
 * while (field.next()) if (field.is(1, Wire.bytes)) inner.enter(field);
 * ```
 */
import { WireError } from "./wire-error.ts";

/** Wire types. Groups (3 and 4) are obsolete, never used by OTLP, and refused. */
export const Wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Tags and lengths are 32-bit varints: other libraries refuse one that is written in more bytes, whatever its value. */
export const HEAD_BYTES = 5;

/** Reads the byte at `at`; callers stay inside the buffer, so the fallback is never taken. */
function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

/** Reads the fields of one message after another; one cursor serves any number of messages of its buffer. */
export class Cursor {
  /** The buffer that all offsets are relative to. */
  readonly bytes: Uint8Array;
  /** The end of the message. */
  end: number;
  /** The number of the current field. */
  field = 0;
  /** Its wire type. */
  wire = 0;
  /** Where its tag begins. */
  at = 0;
  /** Where its value begins; for `bytes` behind the length. */
  start = 0;
  /** Where its value ends, and the next tag begins; before the first field, the start of the message. */
  stop: number;
  #view: DataView | undefined;
  #text: Buffer | undefined;

  /** Stands before the first field of the message in `bytes[start, end)`. */
  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.stop = start;
    this.end = end;
  }

  /** Stands before the first field of another message of the same buffer. */
  over(start: number, end: number): this {
    this.stop = start;
    this.end = end;
    return this;
  }

  /** Stands before the first field of the message that is `parent`'s current value, in the same buffer. */
  enter(parent: Cursor): this {
    const { start, stop } = parent;
    this.stop = start;
    this.end = stop;
    return this;
  }

  /** Moves to the next field, known or not; false at the end. Throws WireError where the bytes are no field. */
  next(): boolean {
    const { bytes, end } = this;
    let pos = this.stop;
    if (pos >= end) return false;
    this.at = pos;
    let tag = byte(bytes, pos++);
    if (tag >= 0x80) {
      this.field = 0;
      tag = this.#number(pos - 1, "tag");
      pos = this.stop;
    }
    const wire = tag & 7;
    this.field = tag >>> 3;
    this.wire = wire;
    if (tag < 8) throw new WireError("field number 0", this.at);
    if (wire === 2) {
      if (pos >= end) throw new WireError("message ends before a length", pos);
      let length = byte(bytes, pos++);
      if (length >= 0x80) {
        const high = pos < end ? byte(bytes, pos) : 0x80;
        if (high < 0x80) {
          length = (length & 0x7f) | (high << 7);
          pos++;
        } else {
          length = this.#number(pos - 1, "length");
          pos = this.stop;
        }
      }
      this.start = pos;
      pos += length;
      if (pos > end) throw new WireError(`length ${length} runs past the end of its message`, this.at);
    } else if (wire === 0) {
      this.start = pos;
      if (pos < end && byte(bytes, pos) < 0x80) pos++;
      else pos = skipVarint(bytes, pos, end);
    } else if (wire === 1 || wire === 5) {
      this.start = pos;
      pos += wire === 1 ? 8 : 4;
      if (pos > end) throw new WireError("fixed value runs past the end of its message", this.at);
    } else {
      throw new WireError(wire === 3 || wire === 4 ? "group" : `wire type ${wire}`, this.at);
    }
    this.stop = pos;
    return true;
  }

  /**
   * Steps over fields of bytes that stand side by side under one number (1 to 15), and returns how many they were; it may
   * stop early, with the next of them still ahead of `next()`. Afterwards it stands on no field, but `stop` is right.
   */
  skipRun(field: number): number {
    const { bytes, end } = this;
    const tag = field * 8 + Wire.bytes;
    let fields = 0;
    let pos = this.stop;
    while (pos < end && bytes[pos] === tag) {
      let after = pos + 1;
      let length = byte(bytes, after++);
      if (length >= 0x80) {
        const high = byte(bytes, after++);
        // Lengths above 2^14 are rare enough to be left to `next`, as is everything that might be malformed.
        if (high >= 0x80) break;
        length = (length & 0x7f) | (high << 7);
      }
      after += length;
      if (after > end) break;
      pos = after;
      fields++;
    }
    this.stop = pos;
    return fields;
  }

  /** Stands on a value without a tag, as packed lists hold them: a varint, fixed64 or fixed32 at `at`. */
  element(at: number, wire: number): this {
    this.wire = wire;
    this.at = at;
    this.start = at;
    this.stop = wire === Wire.varint ? skipVarint(this.bytes, at, this.end) : at + (wire === Wire.fixed64 ? 8 : 4);
    if (this.stop > this.end) throw new WireError("packed numbers end within a number", at);
    return this;
  }

  /** Whether the current field has this number and wire type. A known number with another wire type reads as unknown. */
  is(field: number, wire: number): boolean {
    return this.field === field && this.wire === wire;
  }

  /** The bytes of the value, not copied. */
  slice(): Uint8Array {
    return this.bytes.subarray(this.start, this.stop);
  }

  /** The value as text; malformed UTF-8 becomes U+FFFD. */
  text(): string {
    this.#text ??= Buffer.from(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
    return this.#text.toString("utf8", this.start, this.stop);
  }

  /** A varint as an unsigned number: exact below 2^53. For enums, flags, counts. */
  number(): number {
    let value = 0;
    let scale = 1;
    for (let at = this.start; at < this.stop; at++, scale *= 128) value += (byte(this.bytes, at) & 0x7f) * scale;
    return value;
  }

  /** A varint as the signed 64-bit integer that it holds (int64, int32). */
  int64(): bigint {
    if (this.stop - this.start === 1) return BigInt(byte(this.bytes, this.start));
    let value = 0n;
    for (let at = this.stop - 1; at >= this.start; at--) value = (value << 7n) | BigInt(byte(this.bytes, at) & 0x7f);
    return BigInt.asIntN(64, value);
  }

  /** A fixed64 as an unsigned integer. */
  fixed64(): bigint {
    return this.#data().getBigUint64(this.start, true);
  }

  /** An sfixed64 as a signed integer. */
  sfixed64(): bigint {
    return this.#data().getBigInt64(this.start, true);
  }

  /** A fixed64 as a double: nanoseconds of the epoch lose their last two digits. Four times faster than a bigint. */
  fixed64Number(): number {
    const data = this.#data();
    return data.getUint32(this.start + 4, true) * 0x1_0000_0000 + data.getUint32(this.start, true);
  }

  /** An sfixed64 as the nearest double. */
  sfixed64Number(): number {
    const data = this.#data();
    return data.getInt32(this.start + 4, true) * 0x1_0000_0000 + data.getUint32(this.start, true);
  }

  /** A fixed64 of nanoseconds as whole milliseconds, exactly: `fixed64Number` may be on the wrong side of one. */
  fixed64Millis(): number {
    const data = this.#data();
    const high = data.getUint32(this.start + 4, true);
    // 2^32 ns are 4294 ms and 967296 ns; both products stay below 2^53.
    return high * 4_294 + Math.floor((high * 967_296 + data.getUint32(this.start, true)) / 1_000_000);
  }

  /** A fixed32 as an unsigned number. */
  fixed32(): number {
    return this.#data().getUint32(this.start, true);
  }

  /** A double. */
  double(): number {
    return this.#data().getFloat64(this.start, true);
  }

  #data(): DataView {
    this.#view ??= new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
    return this.#view;
  }

  /** Reads a varint of several bytes at `at`, leaves its end in `stop`. */
  #number(at: number, what: string): number {
    const stop = skipVarint(this.bytes, at, this.end);
    this.start = at;
    this.stop = stop;
    const value = this.number();
    if (value > 0xffffffff || stop - at > HEAD_BYTES) throw new WireError(`${what} out of range`, at);
    return value;
  }
}

/** The end of the varint at `at`: at most ten bytes, at most 64 bits. */
function skipVarint(bytes: Uint8Array, at: number, end: number): number {
  for (let pos = at; pos < end; pos++) {
    const value = byte(bytes, pos);
    if (value < 0x80) {
      if (pos - at === 9 && value > 1) break;
      return pos + 1;
    }
    if (pos - at === 9) break;
  }
  if (end - at < 10) throw new WireError("varint runs past the end of its message", at);
  throw new WireError("varint of more than 64 bits", at);
}
