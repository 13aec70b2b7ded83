/** The walk of everything that cuts a request: containers are taken whole or gone into, items are taken one by one. */
import { countEntries, countFields } from "./count.ts";
import { Cursor } from "./cursor.ts";
import { CHILD_FIELD, isResource, isScope, LEVELS, POINTS, SCOPE } from "./layout.ts";
import { type Container, containerAt } from "./request-plan.ts";
import type { Signal } from "./signal.ts";

/** How many items the resources, scopes and metrics of a request hold. */
export interface Frames {
  /** Of the whole request. */
  readonly items: number;
  /**
   * For each resource, scope and metric two numbers: its items, and the index of the pair behind those of all that it holds.
   * In the order of their bytes, each before what is inside it.
   */
  readonly counts: readonly number[];
}

/** Reads the frames of a request and nothing else. Throws WireError where one is broken, without the path. */
export function readFrames(signal: Signal, body: Uint8Array): Frames {
  const counts: number[] = [];
  const request = new Cursor(body);
  const resource = new Cursor(body);
  const scope = new Cursor(body);
  let items = 0;
  while (request.next()) {
    if (!isResource(request)) continue;
    const index = counts.push(0, 0) - 2;
    let within = 0;
    resource.enter(request);
    while (resource.next()) {
      if (!isScope(resource)) continue;
      const at = counts.push(0, 0) - 2;
      const entries = countEntries(signal, scope.enter(resource), counts);
      counts[at] = entries;
      counts[at + 1] = counts.length;
      within += entries;
    }
    counts[index] = within;
    counts[index + 1] = counts.length;
    items += within;
  }
  return { items, counts };
}

/** What decides over the fields of a request, which come in order, and takes them. The path is the containers around one. */
export interface Cutter {
  /** Whether a container with so many items, at least one, is added whole rather than field by field. */
  whole(path: readonly Container[], field: Cursor, items: number): boolean;
  /** Takes a field with so many items: an item, a container, or what is unknown to the request itself. */
  add(path: readonly Container[], field: Cursor, items: number): void;
  /**
   * Takes any number of the children ahead of `parent`, fields of bytes of the number `child`, and returns how many: items, or
   * metrics with their items in every second place of `counts` from `frame` on. What it leaves is asked and added as ever.
   */
  addRun?(
    path: readonly Container[],
    parent: Cursor,
    child: number,
    counts?: readonly number[],
    frame?: number,
  ): number;
}

/**
 * Hands a request to the cutter, all but the fields beside the children of the containers that it goes into: those belong
 * to the `Container`. A container without items is always added whole.
 */
export function cutFrames(signal: Signal, body: Uint8Array, { counts }: Frames, cutter: Cutter): void {
  const levels = LEVELS[signal];
  const cursors: Cursor[] = [];
  const path: Container[] = [];
  let frame = 0;
  const walk = (depth: number, cursor: Cursor): void => {
    const isChild = levels[depth];
    const isGrandchild = levels[depth + 1];
    if (isChild === undefined) return;
    cursors[depth] ??= new Cursor(body);
    const inner = cursors[depth];
    for (;;) {
      if (isGrandchild === undefined) cutter.addRun?.(path, cursor, CHILD_FIELD[depth] ?? 0);
      else if (depth === METRIC_DEPTH) frame += 2 * (cutter.addRun?.(path, cursor, SCOPE.entries, counts, frame) ?? 0);
      if (!cursor.next()) break;
      if (!isChild(cursor)) {
        if (depth === 0) cutter.add(path, cursor, 0);
      } else if (isGrandchild === undefined) cutter.add(path, cursor, 1);
      else {
        const isCounted = depth <= METRIC_DEPTH;
        const items = isCounted ? (counts[frame] ?? 0) : countFields(inner.enter(cursor), POINTS);
        if (items === 0 || cutter.whole(path, cursor, items)) {
          cutter.add(path, cursor, items);
          if (isCounted) frame = counts[frame + 1] ?? 0;
          continue;
        }
        if (isCounted) frame += 2;
        path.push(containerAt(cursor, inner, isGrandchild, CHILD_FIELD[depth + 1] ?? 0));
        walk(depth + 1, inner.enter(cursor));
        path.pop();
      }
    }
  };
  walk(0, new Cursor(body));
}

/** How many containers a metric is in. The data inside it is rarely cut, and counted only then. */
const METRIC_DEPTH = 2;
