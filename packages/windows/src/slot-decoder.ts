/** Reads the blocks of one slot, from its beginning on and each as often as it is given. The layout: slot-encoder.ts. */
import { Fault } from "@rondo/core";
import type { Labels } from "@rondo/promql";
import { BLOCK_VERSION, MAX_BLOCK_BYTES } from "./slot-encoder.ts";

/** Takes the samples of blocks in their order; `series` is what `define` gave for its labels. */
export type TakeSample<S> = (series: S, time: number, value: number) => void;

/** The reading side of a slot. `S` is whatever its owner holds a series in. */
export class SlotDecoder<S> {
  readonly #slot: number;
  readonly #define: (labels: Labels) => S;
  #symbols: string[] = [];
  #series: S[] = [];

  /** `define` is called once for each series of the slot, before its first sample. */
  constructor(slot: number, define: (labels: Labels) => S) {
    this.#slot = slot;
    this.#define = define;
  }

  /**
   * Gives the samples of all whole blocks at the beginning of `bytes`, and returns how many bytes those are. Throws a Fault
   * `corrupt` when the bytes are no blocks; the decoder is then of no more use.
   */
  decode(bytes: Uint8Array, take: TakeSample<S>): number {
    const reader = new BlockReader(bytes);
    let whole = 0;
    while (reader.at < bytes.length) {
      const length = reader.lengthIfWhole();
      if (length === undefined) break;
      reader.end = reader.at + length;
      this.#block(reader, take);
      if (reader.at !== reader.end) throw corrupt("a block is longer than what it holds");
      whole = reader.end;
      reader.end = bytes.length;
    }
    return whole;
  }

  /** One block, from its version to its last value. Samples are given as they are read: what is wrong behind them comes later. */
  #block(reader: BlockReader, take: TakeSample<S>): void {
    const version = reader.byte();
    if (version !== BLOCK_VERSION) {
      throw corrupt(`a block has layout version ${version}; this build reads version ${BLOCK_VERSION}`);
    }
    if (reader.byte() === 1) {
      this.#symbols = [];
      this.#series = [];
    }
    for (let left = reader.count(); left > 0; left--) this.#symbols.push(reader.text());
    for (let left = reader.count(); left > 0; left--) this.#series.push(this.#define(this.#labels(reader)));
    // Column by column: the values come last, so that they can be read where they lie.
    const count = reader.count();
    const ids = reader.differences(count);
    const times = reader.differences(count);
    const values = reader.doubles(count);
    for (let index = 0; index < count; index++) {
      const series = this.#series[ids[index] ?? -1];
      if (series === undefined) throw corrupt("a block names a series that its slot does not have");
      take(series, this.#slot + (times[index] ?? 0), values.getFloat64(index * 8, true));
    }
  }

  /** Pairs in the order in which they were written, which is that of labels everywhere. */
  #labels(reader: BlockReader): Labels {
    return Array.from({ length: reader.count() }, () => [this.#symbol(reader), this.#symbol(reader)] as const);
  }

  #symbol(reader: BlockReader): string {
    const symbol = this.#symbols[reader.varint()];
    if (symbol === undefined) throw corrupt("a block names a symbol that its slot does not have");
    return symbol;
  }
}

/** Reads forward, and never behind `end`. */
class BlockReader {
  /** Where it stands. */
  at = 0;
  /** The end of the block that is being read, or of all bytes between blocks. */
  end: number;
  readonly #bytes: Buffer;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.end = bytes.length;
  }

  /** The length of the block that begins here; undefined when its end is not at hand. */
  lengthIfWhole(): number | undefined {
    let length = 0;
    let scale = 1;
    for (let at = this.at; at < this.end; at++, scale *= 128) {
      const byte = this.#bytes[at] ?? 0;
      length += (byte & 0x7f) * scale;
      if (length > MAX_BLOCK_BYTES) throw corrupt(`a block of ${length} B or more; ${MAX_BLOCK_BYTES} are the most`);
      if (byte >= 0x80) continue;
      if (at + 1 + length > this.end) return undefined;
      this.at = at + 1;
      return length;
    }
    return undefined;
  }

  /** The one place that looks at the end: everything else but texts and doubles is made of it. */
  byte(): number {
    if (this.at >= this.end) throw corrupt("a block ends too early");
    return this.#bytes[this.at++] ?? 0;
  }

  /** An unsigned number below 2^53, low group first. */
  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      if (scale > 2 ** 42) throw corrupt("a number in a block is too long");
    }
  }

  /** A number of entries, each of which takes a byte at least. */
  count(): number {
    const count = this.varint();
    if (count > this.end - this.at) throw corrupt("a block says that it holds more than it has bytes");
    return count;
  }

  /** A text of UTF-8, with its length in bytes before it. */
  text(): string {
    const length = this.count();
    this.at += length;
    return this.#bytes.toString("utf8", this.at - length, this.at);
  }

  /** `count` zigzag differences, summed up. */
  differences(count: number): Float64Array {
    const sums = new Float64Array(count);
    let sum = 0;
    for (let index = 0; index < count; index++) {
      const coded = this.varint();
      sum += coded % 2 === 1 ? -(coded + 1) / 2 : coded / 2;
      sums[index] = sum;
    }
    return sums;
  }

  /** `count` doubles, little-endian, not copied: the bits of a NaN stay what they are. */
  doubles(count: number): DataView {
    const bytes = count * 8;
    if (bytes > this.end - this.at) throw corrupt("a block ends within its values");
    this.at += bytes;
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.at - bytes, bytes);
  }
}

function corrupt(message: string): Fault {
  return new Fault("corrupt", `windows: ${message}`);
}
