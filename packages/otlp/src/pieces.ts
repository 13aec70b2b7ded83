/** Builds requests out of parts of one body: which items, in which containers, within which size. The back end of split. */
import type { Cursor } from "./cursor.ts";
import { putVarint, varintSize } from "./writer.ts";

/** One piece of a request, itself a request. */
export interface RequestPiece {
  readonly items: number;
  readonly body: Uint8Array;
}

/** A message around items: its tag, and the fields that every piece repeats. */
interface Container {
  readonly tagStart: number;
  readonly tagStop: number;
  /** Starts and stops in turn. */
  readonly header: readonly number[];
  readonly headerSize: number;
  /** Its slot among the plan's lengths while it is open in the current piece, else -1. */
  slot: number;
  /** Its content in the current piece so far, in bytes. */
  size: number;
  /** Whether something of it stands in any piece. */
  used: boolean;
}

/** Marks a length in the plan: `[LENGTH, slot]` among `[start, stop]`. */
const LENGTH = -1;

/**
 * Takes a walk over a body – containers entered and left, fields added – and makes requests within the bounds of it. A piece
 * is a plan of ranges to copy until it is full; only then is its memory taken, of the exact size.
 */
export class Pieces {
  readonly #body: Uint8Array;
  readonly #maxItems: number;
  readonly #maxBytes: number;
  readonly #done: RequestPiece[] = [];
  /** The containers around the current position, outermost first. */
  readonly #path: Container[] = [];
  /** The current piece: pairs of offsets to copy, and lengths to write. */
  #plan: number[] = [];
  #lengths: number[] = [];
  #size = 0;
  #items = 0;

  /** Bounds are above zero; an infinity is no bound. */
  constructor(body: Uint8Array, maxItems: number, maxBytes: number) {
    this.#body = body;
    this.#maxItems = maxItems;
    this.#maxBytes = maxBytes;
  }

  /**
   * Goes into the container that is the cursor's value. `inner` is scratch; what `isChild` does not claim is its header.
   */
  enter(field: Cursor, inner: Cursor, isChild: (field: Cursor) => boolean): void {
    const header: number[] = [];
    let headerSize = 0;
    inner.enter(field);
    while (inner.next()) {
      if (isChild(inner)) continue;
      headerSize += inner.stop - inner.at;
      extend(header, inner.at, inner.stop);
    }
    let tagStop = field.at;
    while ((this.#body[tagStop] ?? 0) >= 0x80) tagStop++;
    this.#path.push({
      tagStart: field.at,
      tagStop: tagStop + 1,
      header,
      headerSize,
      slot: -1,
      size: 0,
      used: false,
    });
  }

  /** Leaves the innermost container; one without items is kept, empty as it is. */
  leave(): void {
    const container = this.#path.at(-1);
    if (container === undefined) return;
    if (!container.used) this.add(0, 0, 0);
    if (container.slot >= 0) this.#close(this.#path.length - 1);
    this.#path.pop();
  }

  /** Adds the field at `start` to the innermost container; `items` is 1 for an item and 0 for anything else. */
  add(start: number, stop: number, items: number): void {
    const size = stop - start;
    const full = this.#items + items > this.#maxItems || this.#projected(size) > this.#maxBytes;
    if (full && this.#items > 0) this.#flush();
    for (const container of this.#path) if (container.slot < 0) this.#open(container);
    extend(this.#plan, start, stop);
    const inner = this.#path.at(-1);
    if (inner === undefined) this.#size += size;
    else inner.size += size;
    this.#items += items;
  }

  /** Every piece, in order; at least one. */
  finish(): readonly RequestPiece[] {
    if (this.#plan.length > 0 || this.#done.length === 0) this.#flush();
    return this.#done;
  }

  #open(container: Container): void {
    extend(this.#plan, container.tagStart, container.tagStop);
    container.slot = this.#lengths.push(0) - 1;
    this.#plan.push(LENGTH, container.slot);
    for (let i = 0; i < container.header.length; i += 2) {
      extend(this.#plan, container.header[i] ?? 0, container.header[i + 1] ?? 0);
    }
    container.size = container.headerSize;
    container.used = true;
  }

  #close(depth: number): void {
    const container = this.#path[depth];
    if (container === undefined) return;
    const { size, slot, tagStart, tagStop } = container;
    this.#lengths[slot] = size;
    container.slot = -1;
    const whole = tagStop - tagStart + varintSize(size) + size;
    const parent = this.#path[depth - 1];
    if (parent === undefined) this.#size += whole;
    else parent.size += whole;
  }

  /** The size of the piece if a field of `size` bytes were added and everything closed. */
  #projected(size: number): number {
    let added = size;
    for (let depth = this.#path.length - 1; depth >= 0; depth--) {
      const container = this.#path[depth];
      if (container === undefined) continue;
      const content = (container.slot < 0 ? container.headerSize : container.size) + added;
      added = container.tagStop - container.tagStart + varintSize(content) + content;
    }
    return this.#size + added;
  }

  #flush(): void {
    for (let depth = this.#path.length - 1; depth >= 0; depth--) {
      if ((this.#path[depth]?.slot ?? -1) >= 0) this.#close(depth);
    }
    const out = Buffer.allocUnsafeSlow(this.#size);
    let at = 0;
    for (let i = 0; i < this.#plan.length; i += 2) {
      const start = this.#plan[i] ?? 0;
      const stop = this.#plan[i + 1] ?? 0;
      if (start === LENGTH) at = putVarint(out, at, this.#lengths[stop] ?? 0);
      else {
        out.set(this.#body.subarray(start, stop), at);
        at += stop - start;
      }
    }
    this.#done.push({ items: this.#items, body: out });
    this.#plan = [];
    this.#lengths = [];
    this.#size = 0;
    this.#items = 0;
  }
}

/** Appends a range to pairs of offsets, or lengthens the last one. */
function extend(pairs: number[], start: number, stop: number): void {
  if (start === stop) return;
  const last = pairs.length - 1;
  if (last > 0 && pairs[last] === start && pairs[last - 1] !== LENGTH) pairs[last] = stop;
  else pairs.push(start, stop);
}
