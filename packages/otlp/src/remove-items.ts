/** Takes single items out of a request, for those that break the specification while the rest is sound. */
import { Cursor } from "./cursor.ts";
import { LEVELS } from "./layout.ts";
import { located } from "./locate.ts";
import type { Signal } from "./signal.ts";
import { Splices } from "./splices.ts";

const NOTHING = new Uint8Array(0);

/**
 * The request without the items that `gone` names by index, counting through the request; the same body when it names
 * none. Containers stay, empty though they may be. Throws WireError on malformed frames.
 */
export function removeItems(signal: Signal, body: Uint8Array, gone: (index: number) => boolean): Uint8Array {
  return located(signal, body, () => {
    const splices = new Splices();
    const levels = LEVELS[signal];
    let index = 0;
    const walk = (depth: number, cursor: Cursor): void => {
      const isChild = levels[depth];
      while (isChild !== undefined && cursor.next()) {
        if (!isChild(cursor)) continue;
        if (depth === levels.length - 1) {
          if (gone(index++)) splices.replace(cursor.at, cursor.stop - cursor.at, NOTHING);
          continue;
        }
        splices.enter(cursor);
        walk(depth + 1, new Cursor(body).enter(cursor));
        splices.leave();
      }
    };
    walk(0, new Cursor(body));
    return splices.apply(body);
  });
}
