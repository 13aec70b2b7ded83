/** Kafka's primitive types: written one after the other into a buffer that grows, read from an answer without copies. */
import { Fault } from "@rondo/core";

const TWO_32 = 2 ** 32;

/** Bytes from this length on stay where they are when they are written; shorter ones are cheaper to copy. */
const VIEW_BYTES = 2048;

/** Writes big-endian integers, strings, varints and bytes. Long bytes are not copied: they stand between what is written. */
export class WireWriter {
  #bytes: Buffer;
  #at = 0;
  /** Long bytes, each with the place in `#bytes` that it stands before. */
  readonly #views: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  #viewed = 0;

  constructor(capacity = 256) {
    this.#bytes = Buffer.allocUnsafe(capacity);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#at + this.#viewed;
  }

  /** What was written, in one piece; a view that the next write may leave behind, or a copy when long bytes are in it. */
  get bytes(): Buffer {
    const [only, ...more] = this.chunks();
    return more.length === 0 && Buffer.isBuffer(only) ? only : Buffer.concat(this.chunks());
  }

  /** What was written from `from` on, which stands before all long bytes; views that the next write may leave behind. */
  chunks(from = 0): readonly Uint8Array[] {
    const chunks: Uint8Array[] = [];
    let start = from;
    for (const { at, bytes } of this.#views) {
      if (at > start) chunks.push(this.#bytes.subarray(start, at));
      chunks.push(bytes);
      start = at;
    }
    if (this.#at > start || chunks.length === 0) chunks.push(this.#bytes.subarray(start, this.#at));
    return chunks;
  }

  int8(value: number): this {
    this.#at = this.#room(1).writeInt8(value, this.#at);
    return this;
  }

  int16(value: number): this {
    this.#at = this.#room(2).writeInt16BE(value, this.#at);
    return this;
  }

  int32(value: number): this {
    this.#at = this.#room(4).writeInt32BE(value, this.#at);
    return this;
  }

  /** A safe integer; offsets and times are. */
  int64(value: number): this {
    this.#room(8).writeInt32BE(Math.floor(value / TWO_32), this.#at);
    this.#at = this.#bytes.writeUInt32BE(value >>> 0, this.#at + 4);
    return this;
  }

  /** A string with its length in 16 bits; null is length −1. */
  string(text: string | null): this {
    if (text === null) return this.int16(-1);
    const length = Buffer.byteLength(text);
    this.int16(length);
    this.#room(length).write(text, this.#at);
    this.#at += length;
    return this;
  }

  /** Bytes with their length in 32 bits. */
  sized(bytes: Uint8Array): this {
    return this.int32(bytes.length).raw(bytes);
  }

  /** Bytes as they are; long ones must not change while what was written is in use. */
  raw(bytes: Uint8Array): this {
    if (bytes.length >= VIEW_BYTES) {
      this.#views.push({ at: this.#at, bytes });
      this.#viewed += bytes.length;
      return this;
    }
    this.#room(bytes.length).set(bytes, this.#at);
    this.#at += bytes.length;
    return this;
  }

  /** A zigzag varint of a 32-bit integer. */
  varint(value: number): this {
    let rest = ((value << 1) ^ (value >> 31)) >>> 0;
    this.#room(5);
    while (rest > 0x7f) {
      this.#bytes[this.#at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#at++] = rest;
    return this;
  }

  /** Bytes with their length as a varint; null is length −1. */
  varbytes(bytes: Uint8Array | null): this {
    return bytes === null ? this.varint(-1) : this.varint(bytes.length).raw(bytes);
  }

  /** Overwrites four bytes that were written before, and before all long bytes. */
  patchUint32(at: number, value: number): this {
    this.#bytes.writeUInt32BE(value >>> 0, at);
    return this;
  }

  #room(bytes: number): Buffer {
    if (this.#at + bytes > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + bytes));
      this.#bytes.copy(grown, 0, 0, this.#at);
      this.#bytes = grown;
    }
    return this.#bytes;
  }
}

/** Reads what the broker wrote. Throws a `corrupt` Fault at the end of the bytes. */
export class WireReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** Where the next value begins. */
  get at(): number {
    return this.#at;
  }

  /** Bytes that are left. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  int8(): number {
    return this.#bytes.readInt8(this.#skip(1));
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#skip(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#skip(4));
  }

  /** As a number: exact up to 2^53, which no offset or time reaches. */
  int64(): number {
    const at = this.#skip(8);
    return this.#bytes.readInt32BE(at) * TWO_32 + this.#bytes.readUInt32BE(at + 4);
  }

  /** A string with its length in 16 bits; null for length −1. */
  string(): string | null {
    const length = this.int16();
    if (length < 0) return null;
    const at = this.#skip(length);
    return this.#bytes.toString("utf8", at, at + length);
  }

  /** As many values as the 32-bit count says; none for −1. */
  array<T>(read: () => T): T[] {
    const values: T[] = [];
    for (let count = this.int32(); count > 0; count--) values.push(read());
    return values;
  }

  /** A view of the next `length` bytes. */
  raw(length: number): Buffer {
    const at = this.#skip(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** A zigzag varint of up to 64 bits, exact up to 2^53. */
  varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#bytes[this.#skip(1)] ?? 0;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** Bytes with their length as a varint; null for length −1. */
  varbytes(): Buffer | null {
    const length = this.varint();
    return length < 0 ? null : this.raw(length);
  }

  #skip(bytes: number): number {
    const at = this.#at;
    if (bytes < 0 || at + bytes > this.#bytes.length) {
      throw new Fault("corrupt", `an answer of Kafka ends at byte ${this.#bytes.length} in the middle of a value`);
    }
    this.#at = at + bytes;
    return at;
  }
}
