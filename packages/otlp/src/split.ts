/** Cuts a request into smaller ones at resource, scope, metric and item borders. Nothing is decoded, no order changes. */
import type { Cursor } from "./cursor.ts";
import { type Cutter, cutFrames, readFrames } from "./frames.ts";
import { located } from "./locate.ts";
import { type Container, type RequestPiece, RequestPlan } from "./request-plan.ts";
import type { Signal } from "./signal.ts";

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

/** Fills one request after the other. */
class Pieces implements Cutter {
  readonly #body: Uint8Array;
  readonly #maxItems: number;
  readonly #maxBytes: number;
  readonly #done: RequestPiece[] = [];
  #plan: RequestPlan;

  constructor(body: Uint8Array, maxItems: number, maxBytes: number) {
    this.#body = body;
    this.#maxItems = maxItems;
    this.#maxBytes = maxBytes;
    this.#plan = new RequestPlan(body);
  }

  /** Whether it has room in the current piece. */
  whole(path: readonly Container[], { at, stop }: Cursor, items: number): boolean {
    if (this.#plan.items + items > this.#maxItems) return false;
    return this.#maxBytes === Number.POSITIVE_INFINITY || this.#plan.sizeWith(path, stop - at) <= this.#maxBytes;
  }

  add(path: readonly Container[], field: Cursor, items: number): void {
    if (!this.#plan.empty && !this.whole(path, field, items)) {
      this.#done.push(this.#plan.finish());
      this.#plan = new RequestPlan(this.#body);
    }
    this.#plan.add(path, field.at, field.stop, items);
  }

  finish(): readonly RequestPiece[] {
    if (!this.#plan.empty) this.#done.push(this.#plan.finish());
    return this.#done;
  }
}
