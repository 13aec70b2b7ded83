/**
 * An edit of protobuf bytes as a list of splices: walk the message once, note what is cut and what is put in, and copy the
 * runs in between into the result. Length prefixes of the messages around an edit are splices too.
 */
import type { Cursor } from "./cursor.ts";
import { putVarint, varintSize } from "./writer.ts";

/** Runs shorter than this are copied byte by byte: a native copy costs about 20 ns to call. */
const SHORT_RUN = 24;

/** What stands in the place of a chunk when the splice is the new length of a message. */
const LENGTH = 1;
/** A length that turned out not to change. */
const NOTHING = 0;
/** A chunk of nothing: a cut. */
const EMPTY = new Uint8Array(0);

/** Splices of one body, made in the order of their offsets. */
export class Splices {
  readonly #at: number[] = [];
  readonly #removed: number[] = [];
  readonly #inserted: (Uint8Array | typeof LENGTH | typeof NOTHING)[] = [];
  readonly #lengths: number[] = [];
  /** For each open message: its splice, its old length, and the growth of its parent so far. */
  readonly #slots: number[] = [];
  readonly #sizes: number[] = [];
  readonly #growths: number[] = [];
  /** By how many bytes the innermost open message has grown. */
  #growth = 0;
  #depth = 0;

  /** Opens the message that is the cursor's current value; every splice until `leave` lies inside it. */
  enter(cursor: Cursor): void {
    let prefix = cursor.at;
    while ((cursor.bytes[prefix] ?? 0) >= 0x80) prefix++;
    const depth = this.#depth++;
    this.#slots[depth] = this.#at.length;
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
    if (growth !== 0) {
      const length = (this.#sizes[depth] ?? 0) + growth;
      this.#inserted[slot] = LENGTH;
      this.#lengths[slot] = length;
      this.#growth += growth + varintSize(length) - (this.#removed[slot] ?? 0);
    } else if (slot === this.#at.length - 1) {
      this.#at.pop();
      this.#removed.pop();
      this.#inserted.pop();
      this.#lengths.pop();
    } else this.#removed[slot] = 0;
  }

  /** Leaves the innermost open message by taking it out, tag and all; `cursor` stands on it. */
  remove(cursor: Cursor): void {
    const depth = --this.#depth;
    const slot = this.#slots[depth] ?? 0;
    this.#growth = this.#growths[depth] ?? 0;
    // Whatever was noted inside it has no place any more.
    this.#at.length = slot;
    this.#removed.length = slot;
    this.#inserted.length = slot;
    this.#lengths.length = slot;
    this.replace(cursor.at, cursor.stop - cursor.at, EMPTY);
  }

  /** Cuts `removed` bytes at `at` and puts `chunk` there. The chunk is read when the splices are applied. */
  replace(at: number, removed: number, chunk: Uint8Array): void {
    this.#growth += chunk.length - removed;
    const last = this.#at.length - 1;
    // Neighbours that go are one cut: a request may hold millions of the smallest items.
    if (chunk.length === 0 && this.#inserted[last] === EMPTY && at === this.#end(last)) {
      this.#removed[last] = (this.#removed[last] ?? 0) + removed;
    } else this.#push(at, removed, chunk.length === 0 ? EMPTY : chunk, 0);
  }

  /** Whether nothing was noted. */
  get empty(): boolean {
    return this.#at.length === 0;
  }

  /** The edited body; the body itself when there is nothing to do. The result owns its memory and may be transferred. */
  apply(body: Uint8Array): Uint8Array {
    if (this.#at.length === 0) return body;
    const out = Buffer.allocUnsafeSlow(body.length + this.#growth);
    // A Buffer copies a range of itself without a view being made of it.
    const source = Buffer.from(body.buffer, body.byteOffset, body.length);
    let from = 0;
    let to = 0;
    for (let i = 0; i < this.#at.length; i++) {
      const at = this.#at[i] ?? 0;
      to = copy(source, from, at, out, to);
      from = at + (this.#removed[i] ?? 0);
      const inserted = this.#inserted[i];
      if (inserted === LENGTH) to = putVarint(out, to, this.#lengths[i] ?? 0);
      else if (inserted !== NOTHING && inserted !== undefined) {
        // Whole, so that no view of a part has to be made.
        out.set(inserted, to);
        to += inserted.length;
      }
    }
    copy(source, from, body.length, out, to);
    return out;
  }

  #end(splice: number): number {
    return (this.#at[splice] ?? 0) + (this.#removed[splice] ?? 0);
  }

  #push(at: number, removed: number, inserted: Uint8Array | typeof NOTHING, length: number): void {
    this.#at.push(at);
    this.#removed.push(removed);
    this.#inserted.push(inserted);
    this.#lengths.push(length);
  }
}

/** Copies `source[start, stop)` to `out` at `to`, and returns the position behind it. */
function copy(source: Buffer, start: number, stop: number, out: Buffer, to: number): number {
  if (stop - start >= SHORT_RUN) {
    source.copy(out, to, start, stop);
    return to + stop - start;
  }
  let pos = to;
  for (let from = start; from < stop; from++) out[pos++] = source[from] ?? 0;
  return pos;
}
