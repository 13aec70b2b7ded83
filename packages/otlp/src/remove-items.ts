/** Takes single items out of a request, for those that break the specification while the rest is sound. */
import { Cursor } from "./cursor.ts";
import { LEVELS } from "./layout.ts";
import { located } from "./locate.ts";
import type { Signal } from "./signal.ts";
import { Splices } from "./splices.ts";

const NOTHING = new Uint8Array(0);

/**
 * The request without the items that `gone` names by index, counting through the request, and without the resources,
 * scopes and metrics that then hold none: their own flaws go with them. The same body when there is nothing to take out.
 * Throws WireError on malformed frames.
 */
export function removeItems(signal: Signal, body: Uint8Array, gone: (index: number) => boolean): Uint8Array {
  return located(signal, body, () => {
    const splices = new Splices();
    const levels = LEVELS[signal];
    let index = 0;
    /** Returns how many items are left in the message that `cursor` stands before. */
    const walk = (depth: number, cursor: Cursor): number => {
      const isChild = levels[depth];
      let left = 0;
      while (isChild !== undefined && cursor.next()) {
        if (!isChild(cursor)) continue;
        if (depth === levels.length - 1) {
          if (gone(index++)) splices.replace(cursor.at, cursor.stop - cursor.at, NOTHING);
          else left++;
          continue;
        }
        splices.enter(cursor);
        const inner = walk(depth + 1, new Cursor(body).enter(cursor));
        if (inner > 0) splices.leave();
        else splices.remove(cursor);
        left += inner;
      }
      return left;
    };
    walk(0, new Cursor(body));
    return splices.apply(body);
  });
}
