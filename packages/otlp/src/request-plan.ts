/**
 * A request in the making: which ranges of a body it copies, in which containers. Memory is taken once, at the end, of the
 * exact size. The back end of everything that cuts a request.
 */
import { RangeCopy } from "./copy-range.ts";
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
  const header: number[] = [];
  let headerSize = 0;
  inner.enter(field);
  for (;;) {
    if (child > 0) inner.skipRun(child);
    if (!inner.next()) break;
    if (isChild(inner)) continue;
    headerSize += inner.stop - inner.at;
    extend(header, inner.at, inner.stop);
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
  /** Pairs of offsets to copy, and lengths to write. */
  readonly #ranges: number[] = [];
  readonly #lengths: number[] = [];
  /** The containers that the last field stands in, the slots of their lengths, and the bytes in them so far. */
  readonly #open: Container[] = [];
  readonly #slots: number[] = [];
  readonly #sizes: number[] = [];
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
    return this.#ranges.length === 0;
  }

  /** Adds the field in `[start, stop)` with that many items inside the containers of `path`, opening those that are not. */
  add(path: readonly Container[], start: number, stop: number, items: number): void {
    this.#leaveOthers(path);
    for (let depth = this.#open.length; depth < path.length; depth++) {
      const container = path[depth];
      if (container !== undefined) this.#enter(container);
    }
    extend(this.#ranges, start, stop);
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
      const content = (this.#sizes[depth] ?? container.headerSize) + added;
      added = container.tagStop - container.tagStart + varintSize(content) + content;
    }
    return this.#size + added;
  }

  /** The request. The plan is used up. */
  finish(): RequestPiece {
    this.#leaveOthers([]);
    const copy = new RangeCopy(this.#body, this.#size);
    const { out } = copy;
    const { length } = this.#ranges;
    let at = 0;
    for (let i = 0; i < length; i += 2) {
      const start = this.#ranges[i] ?? 0;
      const stop = this.#ranges[i + 1] ?? 0;
      if (start === LENGTH) at = putVarint(out, at, this.#lengths[stop] ?? 0);
      else at = copy.copy(start, stop, at);
    }
    return { items: this.#items, body: out };
  }

  /** Closes what is open and not on the path. */
  #leaveOthers(path: readonly Container[]): void {
    const open = this.#open;
    // Containers are in one place each, so that the innermost one settles those around it.
    while (open.length > path.length || (open.length > 0 && open[open.length - 1] !== path[open.length - 1])) {
      const container = open.pop();
      const size = this.#sizes.pop() ?? 0;
      const slot = this.#slots.pop() ?? 0;
      this.#lengths[slot] = size;
      if (container !== undefined) this.#grow(container.tagStop - container.tagStart + varintSize(size) + size);
    }
  }

  #enter(container: Container): void {
    const { header, headerSize, tagStart, tagStop } = container;
    extend(this.#ranges, tagStart, tagStop);
    this.#slots.push(this.#lengths.push(0) - 1);
    this.#ranges.push(LENGTH, this.#lengths.length - 1);
    for (let i = 0; i < header.length; i += 2) extend(this.#ranges, header[i] ?? 0, header[i + 1] ?? 0);
    this.#open.push(container);
    this.#sizes.push(headerSize);
  }

  #grow(size: number): void {
    const depth = this.#open.length - 1;
    if (depth < 0) this.#size += size;
    else this.#sizes[depth] = (this.#sizes[depth] ?? 0) + size;
  }
}

/** Appends a range to pairs of offsets, or lengthens the last one. */
function extend(pairs: number[], start: number, stop: number): void {
  if (start === stop) return;
  const last = pairs.length - 1;
  if (last > 0 && pairs[last] === start && pairs[last - 1] !== LENGTH) pairs[last] = stop;
  else pairs.push(start, stop);
}
