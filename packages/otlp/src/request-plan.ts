/**
 * A request in the making: which ranges of a body it copies, in which containers. Memory is taken once, at the end, of the
 * exact size. The back end of everything that cuts a request.
 */
import { asBuffer, copyRange } from "./copy-range.ts";
import type { Cursor } from "./cursor.ts";
import { putVarint, varintSize } from "./writer.ts";

/** One piece of a request, itself a request. */
export interface RequestPiece {
  readonly items: number;
  readonly body: Uint8Array;
}

/** A message around items – resource, scope, metric, data – with the fields that every request with some of them repeats. */
export interface Container {
  readonly tagStart: number;
  readonly tagStop: number;
  /** Starts and stops in turn. */
  readonly header: readonly number[];
  readonly headerSize: number;
}

const NO_HEADER: number[] = [];

/**
 * The container that is the cursor's value. `inner` is scratch; what `isChild` does not claim is the header. `child` is the
 * number of a field that it claims, or 0.
 */
export function containerAt(
  field: Cursor,
  inner: Cursor,
  isChild: (field: Cursor) => boolean,
  child: number,
): Container {
  let header: number[] = NO_HEADER;
  let headerSize = 0;
  inner.enter(field);
  for (;;) {
    if (child > 0) inner.skipRun(child);
    if (!inner.next()) break;
    if (isChild(inner)) continue;
    // An array that begins with its first range has room for no more, as is usual; an empty one would get room for eight.
    if (headerSize === 0) header = [inner.at, inner.stop];
    else extend(header, header.length, inner.at, inner.stop);
    headerSize += inner.stop - inner.at;
  }
  let tagStop = field.at;
  while ((field.bytes[tagStop] ?? 0) >= 0x80) tagStop++;
  return { tagStart: field.at, tagStop: tagStop + 1, header, headerSize };
}

/** Marks a length in the ranges: `[LENGTH, slot]` among `[start, stop]`. */
const LENGTH = -1;

/** Collects fields of one body, in order. A path names the containers around a field, outermost first. */
export class RequestPlan {
  readonly #body: Uint8Array;
  // The lists only grow, and what is in use of them is counted: one plan makes all the pieces of a request.
  /** Pairs of offsets to copy, and lengths to write. */
  readonly #ranges: number[] = [];
  #rangeCount = 0;
  readonly #lengths: number[] = [];
  #lengthCount = 0;
  /** The containers that the last field stands in, the slots of their lengths, and the bytes in them so far. */
  readonly #open: Container[] = [];
  readonly #slots: number[] = [];
  readonly #sizes: number[] = [];
  #depth = 0;
  #size = 0;
  #items = 0;

  constructor(body: Uint8Array) {
    this.#body = body;
  }

  /** How many items were added. */
  get items(): number {
    return this.#items;
  }

  /** Whether nothing was added. */
  get empty(): boolean {
    return this.#rangeCount === 0;
  }

  /** Adds the field in `[start, stop)` with that many items inside the containers of `path`, opening those that are not. */
  add(path: readonly Container[], start: number, stop: number, items: number): void {
    this.#leaveOthers(path);
    for (let depth = this.#depth; depth < path.length; depth++) {
      const container = path[depth];
      if (container !== undefined) this.#enter(container);
    }
    this.#rangeCount = extend(this.#ranges, this.#rangeCount, start, stop);
    this.#grow(stop - start);
    this.#items += items;
  }

  /** The size of the request in bytes if a field of `size` bytes were added inside `path`, and nothing after it. */
  sizeWith(path: readonly Container[], size: number): number {
    this.#leaveOthers(path);
    let added = size;
    for (let depth = path.length - 1; depth >= 0; depth--) {
      const container = path[depth];
      if (container === undefined) continue;
      const content = (depth < this.#depth ? (this.#sizes[depth] ?? 0) : container.headerSize) + added;
      added = container.tagStop - container.tagStart + varintSize(content) + content;
    }
    return this.#size + added;
  }

  /** The request. The plan is empty again. */
  finish(): RequestPiece {
    this.#leaveOthers([]);
    const out = Buffer.allocUnsafeSlow(this.#size);
    const source = asBuffer(this.#body);
    let at = 0;
    for (let i = 0; i < this.#rangeCount; i += 2) {
      const start = this.#ranges[i] ?? 0;
      const stop = this.#ranges[i + 1] ?? 0;
      if (start === LENGTH) at = putVarint(out, at, this.#lengths[stop] ?? 0);
      else at = copyRange(source, start, stop, out, at);
    }
    const piece = { items: this.#items, body: out };
    this.#rangeCount = this.#lengthCount = this.#size = this.#items = 0;
    return piece;
  }

  /** Closes what is open and not on the path. */
  #leaveOthers(path: readonly Container[]): void {
    const open = this.#open;
    // Containers are in one place each, so that the innermost one settles those around it.
    while (this.#depth > path.length || (this.#depth > 0 && open[this.#depth - 1] !== path[this.#depth - 1])) {
      const depth = --this.#depth;
      const container = open[depth];
      const size = this.#sizes[depth] ?? 0;
      this.#lengths[this.#slots[depth] ?? 0] = size;
      if (container !== undefined) this.#grow(container.tagStop - container.tagStart + varintSize(size) + size);
    }
  }

  #enter(container: Container): void {
    const { header, headerSize, tagStart, tagStop } = container;
    const ranges = this.#ranges;
    let count = extend(ranges, this.#rangeCount, tagStart, tagStop);
    ranges[count++] = LENGTH;
    ranges[count++] = this.#lengthCount;
    for (let i = 0; i < header.length; i += 2) count = extend(ranges, count, header[i] ?? 0, header[i + 1] ?? 0);
    this.#rangeCount = count;
    const depth = this.#depth++;
    this.#open[depth] = container;
    this.#slots[depth] = this.#lengthCount++;
    this.#sizes[depth] = headerSize;
  }

  #grow(size: number): void {
    const depth = this.#depth - 1;
    if (depth < 0) this.#size += size;
    else this.#sizes[depth] = (this.#sizes[depth] ?? 0) + size;
  }
}

/** Appends a range to the first `count` of pairs of offsets, or lengthens the last one; returns how many there are then. */
function extend(pairs: number[], count: number, start: number, stop: number): number {
  if (start === stop) return count;
  if (count > 0 && pairs[count - 1] === start && pairs[count - 2] !== LENGTH) {
    pairs[count - 1] = stop;
    return count;
  }
  pairs[count] = start;
  pairs[count + 1] = stop;
  return count + 2;
}
