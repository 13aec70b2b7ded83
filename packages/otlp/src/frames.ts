/** The walk of everything that cuts a request: containers are taken whole or gone into, items are taken one by one. */
import { countFields } from "./count.ts";
import { Cursor } from "./cursor.ts";
import { CHILD_FIELD, LEVELS, POINTS, SCOPE } from "./layout.ts";
import { type Container, containerAt } from "./request-plan.ts";
import type { Signal } from "./signal.ts";

/** How many items each container of a request holds. */
export interface Frames {
  /** Of the whole request. */
  readonly items: number;
  /**
   * For each container two numbers: its items, and the index of the pair behind those of all that it holds. In the order of
   * their bytes, each before what is inside it.
   */
  readonly counts: readonly number[];
}

/** Reads the frames of a request and nothing else. Throws WireError where one is broken, without the path. */
export function readFrames(signal: Signal, body: Uint8Array): Frames {
  const levels = LEVELS[signal];
  const innermost = levels.length - 1;
  const itemField = signal === "metrics" ? POINTS : SCOPE.entries;
  const counts: number[] = [];
  const cursors = levels.map(() => new Cursor(body));
  const walk = (depth: number, cursor: Cursor): number => {
    if (depth === innermost) return countFields(cursor, itemField);
    const isChild = levels[depth];
    const inner = cursors[depth + 1];
    let items = 0;
    while (isChild !== undefined && inner !== undefined && cursor.next()) {
      if (!isChild(cursor)) continue;
      const index = counts.push(0, 0) - 2;
      const within = walk(depth + 1, inner.enter(cursor));
      counts[index] = within;
      counts[index + 1] = counts.length;
      items += within;
    }
    return items;
  };
  return { items: walk(0, new Cursor(body)), counts };
}

/** What decides over the fields of a request, which come in order, and takes them. The path is the containers around one. */
export interface Cutter {
  /** Whether a container with so many items, at least one, is added whole rather than field by field. */
  whole(path: readonly Container[], field: Cursor, items: number): boolean;
  /** Takes a field with so many items: an item, a container, or what is unknown to the request itself. */
  add(path: readonly Container[], field: Cursor, items: number): void;
}

/**
 * Hands a request to the cutter, all but the fields beside the children of the containers that it goes into: those belong
 * to the `Container`. A container without items is always added whole.
 */
export function cutFrames(signal: Signal, body: Uint8Array, { counts }: Frames, cutter: Cutter): void {
  const levels = LEVELS[signal];
  const cursors = [...levels, undefined].map(() => new Cursor(body));
  const path: Container[] = [];
  let frame = 0;
  const walk = (depth: number, cursor: Cursor): void => {
    const inner = cursors[depth + 1];
    const isChild = levels[depth];
    const isGrandchild = levels[depth + 1];
    if (inner === undefined || isChild === undefined) return;
    while (cursor.next()) {
      if (!isChild(cursor)) {
        if (depth === 0) cutter.add(path, cursor, 0);
      } else if (isGrandchild === undefined) cutter.add(path, cursor, 1);
      else {
        const items = counts[frame] ?? 0;
        if (items === 0 || cutter.whole(path, cursor, items)) {
          cutter.add(path, cursor, items);
          frame = counts[frame + 1] ?? 0;
          continue;
        }
        frame += 2;
        path.push(containerAt(cursor, inner, isGrandchild, CHILD_FIELD[depth + 1] ?? 0));
        walk(depth + 1, inner.enter(cursor));
        path.pop();
      }
    }
  };
  walk(0, new Cursor(body));
}
