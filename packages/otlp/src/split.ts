/** Cuts a request into smaller ones at resource, scope, metric and item borders. Nothing is decoded, no order changes. */
import { type Cursor, Wire } from "./cursor.ts";
import { type Cutter, cutFrames, readFrames } from "./frames.ts";
import { located } from "./locate.ts";
import { type Container, type RequestPiece, RequestPlan } from "./request-plan.ts";
import type { Signal } from "./signal.ts";
import { usualField } from "./usual-field.ts";

/** How large a piece may be; 0 is no bound. */
export interface SplitBounds {
  readonly maxItems: number;
  readonly maxBytes: number;
}

/**
 * The request in pieces within the bounds, in order; the same body when it is within them. Each piece repeats the
 * resource, scope, metric and unknown fields around its items. Only what cannot be cut exceeds `maxBytes`, and stands in a
 * piece of its own: an item together with what is around it, an unknown field, a container without items. Pieces of the
 * latter two have no items. Throws WireError on malformed frames.
 */
export function splitRequest(signal: Signal, body: Uint8Array, bounds: SplitBounds): readonly RequestPiece[] {
  const maxItems = bounds.maxItems > 0 ? bounds.maxItems : Number.POSITIVE_INFINITY;
  const maxBytes = bounds.maxBytes > 0 ? bounds.maxBytes : Number.POSITIVE_INFINITY;
  return located(signal, body, () => {
    const frames = readFrames(signal, body);
    if (frames.items <= maxItems && body.length <= maxBytes) return [{ items: frames.items, body }];
    const pieces = new Pieces(body, maxItems, maxBytes);
    cutFrames(signal, body, frames, pieces);
    return pieces.finish();
  });
}

/** By how many bytes the length of a container can grow. */
const MOST_GROWTH = 4;

/** Fills one request after the other. */
class Pieces implements Cutter {
  readonly #maxItems: number;
  readonly #maxBytes: number;
  readonly #done: RequestPiece[] = [];
  readonly #plan: RequestPlan;

  constructor(body: Uint8Array, maxItems: number, maxBytes: number) {
    this.#maxItems = maxItems;
    this.#maxBytes = maxBytes;
    this.#plan = new RequestPlan(body);
  }

  /** Whether it has room in the current piece. */
  whole(path: readonly Container[], { at, stop }: Cursor, items: number): boolean {
    // What is full cannot take an item any more: the container may go into the next piece as a whole.
    if (this.#plan.items === this.#maxItems) this.#next();
    return this.#fits(path, stop - at, items);
  }

  add(path: readonly Container[], field: Cursor, items: number): void {
    const { at, stop } = field;
    if (!this.#plan.empty && !this.#fits(path, stop - at, items)) this.#next();
    this.#plan.add(path, at, stop, items);
  }

  /** Takes what certainly fits, in one step. */
  addRun(path: readonly Container[], parent: Cursor, child: number, counts?: readonly number[], frame = 0): number {
    const { bytes, end } = parent;
    const tag = child * 8 + Wire.bytes;
    const start = parent.stop;
    const room = this.#maxItems - this.#plan.items;
    const limit = start + this.#roomFor(path);
    let items = 0;
    let children = 0;
    let at = start;
    while (at < end && bytes[at] === tag) {
      const stop = usualField(bytes, at, end);
      if (stop < 0 || stop > limit) break;
      const within = counts === undefined ? 1 : (counts[frame + 2 * children] ?? 0);
      if (items + within > room) break;
      items += within;
      children++;
      at = stop;
    }
    if (at > start) this.#plan.add(path, start, at, items);
    parent.stop = at;
    return children;
  }

  /** How many bytes certainly fit inside the path. */
  #roomFor(path: readonly Container[]): number {
    if (this.#maxBytes === Number.POSITIVE_INFINITY) return this.#maxBytes;
    return this.#maxBytes - this.#plan.sizeWith(path, 0) - path.length * MOST_GROWTH;
  }

  #fits(path: readonly Container[], size: number, items: number): boolean {
    if (this.#plan.items + items > this.#maxItems) return false;
    return this.#maxBytes === Number.POSITIVE_INFINITY || this.#plan.sizeWith(path, size) <= this.#maxBytes;
  }

  #next(): void {
    this.#done.push(this.#plan.finish());
  }

  finish(): readonly RequestPiece[] {
    if (!this.#plan.empty) this.#done.push(this.#plan.finish());
    return this.#done;
  }
}
