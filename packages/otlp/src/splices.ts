/**
 * An edit of protobuf bytes as a list of splices: walk the message once, note what is cut and what is put in, and copy the
 * runs in between into the result. Length prefixes of the messages around an edit are splices too.
 */
import { asBuffer, RangeCopy } from "./copy-range.ts";
import type { Cursor } from "./cursor.ts";
import { putVarint, varintSize } from "./writer.ts";

/** Numbers kept for a splice: where it cuts, how many bytes, what comes there, and the length if a length does. */
const STRIDE = 4;
const [AT, REMOVED, PUT, LENGTH] = [0, 1, 2, 3];
/** Values of PUT. Those from zero on are chunks; with a length they stand behind a message that has it now. */
const NEW_LENGTH = -1;
/** A length that turned out not to change, or has not changed yet: not even a cut. */
const NOTHING = -2;
/** Nothing in the place of what is cut. */
const CUT = -3;

/** What splices are noted in. */
class Notes {
  numbers: Int32Array = new Int32Array(32 * STRIDE);
  readonly chunks: Uint8Array[] = [];
  /** For each open message: its splice, its old length, and the growth of its parent so far. */
  readonly slots: number[] = [];
  readonly sizes: number[] = [];
  readonly growths: number[] = [];
}

/** The notes of the last splices that were applied, for the next ones: new ones cost as much as the edit of a small request. */
let spare: Notes | undefined;
/** Notes of more numbers or chunks than this are not kept. */
const MOST_SPARE = 0x10000;

/** Splices of one body, made in the order of their offsets. */
export class Splices {
  readonly #notes: Notes;
  #numbers: Int32Array;
  #count = 0;
  readonly #chunks: Uint8Array[];
  readonly #slots: number[];
  readonly #sizes: number[];
  readonly #growths: number[];
  /** By how many bytes the innermost open message has grown. */
  #growth = 0;
  #depth = 0;

  constructor() {
    const notes = spare ?? new Notes();
    spare = undefined;
    this.#notes = notes;
    this.#numbers = notes.numbers;
    this.#chunks = notes.chunks;
    this.#slots = notes.slots;
    this.#sizes = notes.sizes;
    this.#growths = notes.growths;
  }

  /** Opens the message that is the cursor's current value; every splice until `leave` lies inside it. */
  enter(cursor: Cursor): void {
    let prefix = cursor.at;
    while ((cursor.bytes[prefix] ?? 0) >= 0x80) prefix++;
    const depth = this.#depth++;
    this.#slots[depth] = this.#count;
    this.#sizes[depth] = cursor.stop - cursor.start;
    this.#growths[depth] = this.#growth;
    this.#growth = 0;
    this.#push(prefix + 1, cursor.start - prefix - 1, NOTHING, 0);
  }

  /** Closes the innermost open message and settles its length. */
  leave(): void {
    const depth = --this.#depth;
    const slot = this.#slots[depth] ?? 0;
    const growth = this.#growth;
    this.#growth = this.#growths[depth] ?? 0;
    const row = slot * STRIDE;
    if (growth !== 0) {
      const length = (this.#sizes[depth] ?? 0) + growth;
      this.#numbers[row + PUT] = NEW_LENGTH;
      this.#numbers[row + LENGTH] = length;
      this.#growth += growth + varintSize(length) - (this.#numbers[row + REMOVED] ?? 0);
    } else if (slot === this.#count - 1) this.#count--;
    else this.#numbers[row + REMOVED] = 0;
  }

  /**
   * Puts `chunk`, which is not empty, behind all that is in a message: the value `[start, stop)` of a field whose length stands
   * at `length`. The same as to enter it, to replace nothing at its end and to leave it.
   */
  append(length: number, start: number, stop: number, chunk: Uint8Array): void {
    const grown = stop - start + chunk.length;
    this.#push(length, start - length, this.#chunk(chunk), grown);
    this.#growth += chunk.length + varintSize(grown) - (start - length);
  }

  /** Leaves the innermost open message by taking it out, tag and all; `cursor` stands on it. */
  remove(cursor: Cursor): void {
    const depth = --this.#depth;
    const slot = this.#slots[depth] ?? 0;
    this.#growth = this.#growths[depth] ?? 0;
    // Whatever was noted inside it has no place any more.
    this.#count = slot;
    this.replace(cursor.at, cursor.stop - cursor.at, NONE);
  }

  /** Cuts `removed` bytes at `at` and puts `chunk` there. The chunk is read when the splices are applied. */
  replace(at: number, removed: number, chunk: Uint8Array): void {
    this.#growth += chunk.length - removed;
    if (chunk.length > 0) {
      this.#push(at, removed, this.#chunk(chunk), 0);
      return;
    }
    const last = (this.#count - 1) * STRIDE;
    const numbers = this.#numbers;
    const end = (numbers[last + AT] ?? 0) + (numbers[last + REMOVED] ?? 0);
    // Neighbours that go are one cut: a request may hold millions of the smallest items.
    if (numbers[last + PUT] === CUT && at === end) numbers[last + REMOVED] = end + removed - (numbers[last + AT] ?? 0);
    else this.#push(at, removed, CUT, 0);
  }

  /** Whether nothing was noted. */
  get empty(): boolean {
    return this.#count === 0;
  }

  /**
   * The edited body; the body itself when there is nothing to do. The result owns its memory and may be transferred. The
   * splices are used up.
   */
  apply(body: Uint8Array): Uint8Array {
    if (this.#count === 0) {
      this.#leaveNotes();
      return body;
    }
    const out = Buffer.allocUnsafeSlow(body.length + this.#growth);
    const ranges = new RangeCopy(asBuffer(body), out);
    const numbers = this.#numbers;
    const chunks = this.#chunks;
    const rows = this.#count * STRIDE;
    let from = 0;
    let to = 0;
    for (let row = 0; row < rows; row += STRIDE) {
      const at = numbers[row + AT] ?? 0;
      const put = numbers[row + PUT] ?? CUT;
      to = ranges.copy(from, at, to);
      from = at + (numbers[row + REMOVED] ?? 0);
      const length = numbers[row + LENGTH] ?? 0;
      if (put === NEW_LENGTH) to = putVarint(out, to, length);
      if (put < 0) continue;
      const chunk = chunks[put] ?? NONE;
      if (length > 0) {
        const stop = from + length - chunk.length;
        to = ranges.copy(from, stop, putVarint(out, to, length));
        from = stop;
      }
      out.set(chunk, to);
      to += chunk.length;
    }
    ranges.copy(from, body.length, to);
    this.#leaveNotes();
    return out;
  }

  #leaveNotes(): void {
    if (this.#numbers.length > MOST_SPARE || this.#chunks.length > MOST_SPARE) return;
    // The chunks may be large.
    this.#chunks.length = 0;
    this.#notes.numbers = this.#numbers;
    spare = this.#notes;
  }

  /** The number of a chunk; often it is the one before again. */
  #chunk(chunk: Uint8Array): number {
    const last = this.#chunks.length - 1;
    return last >= 0 && this.#chunks[last] === chunk ? last : this.#chunks.push(chunk) - 1;
  }

  #push(at: number, removed: number, put: number, length: number): void {
    const row = this.#count++ * STRIDE;
    if (row === this.#numbers.length) {
      const grown = new Int32Array(row * 2);
      grown.set(this.#numbers);
      this.#numbers = grown;
    }
    const numbers = this.#numbers;
    numbers[row + AT] = at;
    numbers[row + REMOVED] = removed;
    numbers[row + PUT] = put;
    numbers[row + LENGTH] = length;
  }
}

const NONE = new Uint8Array(0);
