/** Cuts a request into smaller ones at resource, scope and item borders. Nothing is decoded and no order changes. */
import { countItems } from "./count.ts";
import { Cursor } from "./cursor.ts";
import { LEVELS } from "./layout.ts";
import { located } from "./locate.ts";
import { Pieces, type RequestPiece } from "./pieces.ts";
import type { Signal } from "./signal.ts";

/** How large a piece may be; 0 is no bound. */
export interface SplitBounds {
  readonly maxItems: number;
  readonly maxBytes: number;
}

/**
 * The request in pieces within the bounds, in order; the same body when it is within them. Each piece repeats the
 * resource, scope, metric and unknown fields around its items. An item that is over `maxBytes` together with what is
 * around it stands in a piece of its own. Throws WireError on malformed frames.
 */
export function splitRequest(signal: Signal, body: Uint8Array, bounds: SplitBounds): readonly RequestPiece[] {
  const maxItems = bounds.maxItems > 0 ? bounds.maxItems : Number.POSITIVE_INFINITY;
  const maxBytes = bounds.maxBytes > 0 ? bounds.maxBytes : Number.POSITIVE_INFINITY;
  const items = countItems(signal, body);
  if (items <= maxItems && body.length <= maxBytes) return [{ items, body }];
  return located(signal, body, () => {
    const pieces = new Pieces(body, maxItems, maxBytes);
    const levels = LEVELS[signal];
    const cursors = [...levels, undefined].map(() => new Cursor(body));
    const walk = (depth: number): void => {
      const cursor = cursors[depth];
      const inner = cursors[depth + 1];
      const isChild = levels[depth];
      const isGrandchild = levels[depth + 1];
      if (cursor === undefined || inner === undefined || isChild === undefined) return;
      while (cursor.next()) {
        if (!isChild(cursor)) {
          // Inside a container this is header, which `enter` took; the request itself has no container to repeat it.
          if (depth === 0) pieces.add(cursor.at, cursor.stop, 0);
        } else if (isGrandchild === undefined) pieces.add(cursor.at, cursor.stop, 1);
        else {
          pieces.enter(cursor, inner, isGrandchild);
          inner.enter(cursor);
          walk(depth + 1);
          pieces.leave();
        }
      }
    };
    walk(0);
    return pieces.finish();
  });
}
