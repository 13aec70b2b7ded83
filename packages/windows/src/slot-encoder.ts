/**
 * Writes the samples of one slot as blocks, a column for each of series, time and value. Labels are written once in a slot:
 * a block adds to a dictionary that all blocks of the slot share, so they are read from the slot's beginning.
 *
 * ```
 * block   := length:varint version:u8 restart:u8 symbols series samples      length counts what follows it
 * symbols := count:varint { bytes:varint utf8 }*                             the next symbols of the dictionary
 * series  := count:varint { pairs:varint { name:varint value:varint }* }*    the next series: symbols by number
 * samples := count:varint { series:zigzag }* { time:zigzag }* { value:f64 }* differences to the sample before
 * ```
 *
 * Times are milliseconds from the start of the slot. `restart` is 1 where the dictionary begins anew, because another writer
 * took over, or this one cannot know whether its last block stands there.
 */
import { Writer } from "@rondo/otlp";
import { isStale, type Labels, STALE_BITS } from "@rondo/promql";

/** The version of the layout above. */
export const BLOCK_VERSION = 1;

/** The longest block that is read, bytes. Writers end a block far below it. */
export const MAX_BLOCK_BYTES = 8 << 20;

/** Series of a slot's dictionary before it begins anew; what a translator forgets would else be held here. */
const MAX_DICTIONARY = 1 << 20;

/** A series as its writer knows it: the same object is the same series. */
export interface LabelledSeries {
  readonly labels: Labels;
}

/** The blocks of one slot, one after another. It remembers what it has written, and is thrown away with any doubt about that. */
export class SlotEncoder {
  readonly #slot: number;
  readonly #series = new Map<LabelledSeries, number>();
  readonly #symbols = new Map<string, number>();
  readonly #symbolColumn = new Column();
  readonly #pairs = new Column();
  readonly #ids = new Column();
  readonly #times = new Column();
  readonly #values = new Column();
  #lastId = 0;
  #lastTime = 0;
  #restart = true;

  /** `slot` is the slot's start in milliseconds since the epoch. */
  constructor(slot: number) {
    this.#slot = slot;
  }

  /** About how many bytes the next block has so far. */
  get bytes(): number {
    return this.#symbolColumn.bytes + this.#pairs.bytes + this.#ids.bytes + this.#times.bytes + this.#values.bytes;
  }

  /** Adds a sample to the next block; `time` lies in the slot. */
  add(series: LabelledSeries, time: number, value: number): void {
    const id = this.#series.get(series) ?? this.#define(series);
    const at = Math.floor(time) - this.#slot;
    zigzag(this.#ids.next(), id - this.#lastId);
    zigzag(this.#times.next(), at - this.#lastTime);
    const values = this.#values.next();
    if (isStale(value)) values.fixed64(STALE_BITS);
    else values.double(value);
    this.#lastId = id;
    this.#lastTime = at;
  }

  /** What was added since the last block, as a block; undefined when that is nothing. */
  block(): Uint8Array | undefined {
    if (this.#ids.count === 0) return undefined;
    const body = new Writer(this.bytes + 64).raw(Uint8Array.of(BLOCK_VERSION, this.#restart ? 1 : 0));
    for (const column of [this.#symbolColumn, this.#pairs, this.#ids]) body.varint(column.count).raw(column.written());
    body.raw(this.#times.written()).raw(this.#values.written());
    const block = new Writer(body.length + 5).varint(body.length).raw(body.finish()).finish();
    for (const column of this.#columns()) column.clear();
    this.#lastId = 0;
    this.#lastTime = 0;
    this.#restart = this.#series.size >= MAX_DICTIONARY;
    if (this.#restart) {
      this.#series.clear();
      this.#symbols.clear();
    }
    return block;
  }

  #columns(): readonly Column[] {
    return [this.#symbolColumn, this.#pairs, this.#ids, this.#times, this.#values];
  }

  #define(series: LabelledSeries): number {
    const id = this.#series.size;
    this.#series.set(series, id);
    const pairs = this.#pairs.next().varint(series.labels.length);
    for (const [name, value] of series.labels) pairs.varint(this.#symbol(name)).varint(this.#symbol(value));
    return id;
  }

  #symbol(text: string): number {
    const known = this.#symbols.get(text);
    if (known !== undefined) return known;
    const id = this.#symbols.size;
    this.#symbols.set(text, id);
    const utf8 = Buffer.from(text, "utf8");
    this.#symbolColumn.next().varint(utf8.length).raw(utf8);
    return id;
  }
}

/** One column of the block that is being written, and its number of entries. */
class Column {
  count = 0;
  readonly #writer = new Writer();

  get bytes(): number {
    return this.#writer.length;
  }

  /** Where the next entry is written. */
  next(): Writer {
    this.count++;
    return this.#writer;
  }

  written(): Uint8Array {
    return this.#writer.finish();
  }

  clear(): void {
    this.count = 0;
    this.#writer.rewind(0);
  }
}

/** A small signed number: 0, -1, 1, -2, … as 0, 1, 2, 3, … */
function zigzag(writer: Writer, value: number): void {
  writer.varint(value < 0 ? -2 * value - 1 : 2 * value);
}
