/** Measures what cutting a request would repeat around its items, so that no small request can be made to grow into a huge one. */
import { Cursor } from "./cursor.ts";
import { type IsChild, LEVELS } from "./layout.ts";
import { located } from "./locate.ts";
import type { Signal } from "./signal.ts";

/**
 * The most bytes that stand around any one item – resource, scope and metric fields – in a request. `splitRequest` repeats them in
 * every piece, also in those that hold a single item. Throws WireError on malformed frames.
 */
export function repeatedBytes(signal: Signal, body: Uint8Array): number {
  return located(signal, body, () => heaviest(new Cursor(body), LEVELS[signal], 0));
}

/** Of the message that `at` stands before: its own fields that lead nowhere, and the heaviest child. */
function heaviest(at: Cursor, levels: readonly IsChild[], depth: number): number {
  const isChild = levels[depth];
  // What is inside an item is no level.
  if (isChild === undefined) return 0;
  const child = new Cursor(at.bytes);
  let own = 0;
  let below = 0;
  while (at.next()) {
    // The request's own unknown fields stand in one piece.
    if (!isChild(at)) own += depth === 0 ? 0 : at.stop - at.at;
    else if (depth + 1 < levels.length) below = Math.max(below, heaviest(child.enter(at), levels, depth + 1));
  }
  return own + below;
}
