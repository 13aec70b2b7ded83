/**
 * Structural validation of a request: every frame, length and wire type down to the last value, without decoding any.
 * What is wrong with single items but leaves the request readable is reported beside it (architecture §1a.14).
 */
import { Cursor, Wire } from "./cursor.ts";
import { messageId } from "./field-codes.ts";
import type { FlawedItems } from "./flawed-items.ts";
import { type IsChild, isData, isEntry, isPoint, isResource, isScope, METRIC_DATA, SCOPE } from "./layout.ts";
import { located, pathOf } from "./locate.ts";
import { type ItemFlaw, MessageCheck } from "./message-check.ts";
import type { Signal } from "./signal.ts";
import { usualField, usualStart } from "./usual-field.ts";
import { WireError } from "./wire-error.ts";

/**
 * How deep a request is read:
 *
 * - `request`: all of it, and what no reader could read is an error;
 * - `own`: of items only their own fields, ids and names. What is inside attributes, bodies, events and the like is passed over;
 * - `items`: all of it, but what no reader could read inside an item is a flaw of that item, `malformed`.
 */
export type ValidationDepth = "request" | "own" | "items";

/**
 * Validates an export request and returns its number of items, flawed ones included. Throws WireError for broken frames,
 * wrong wire types of known fields, field number 0, groups, values nested deeper than VALUE_DEPTH, metrics with more than
 * one data field, of which readers would keep one, and more of anything than REQUEST_BOUNDS allow; unknown fields are
 * accepted. Flawed items are noted in `flawed`: a flaw of a resource, scope or metric is one of all its items. Without
 * `flawed` they are passed over.
 */
export function validateRequest(
  signal: Signal,
  body: Uint8Array,
  flawed?: FlawedItems,
  depth: ValidationDepth = "request",
): number {
  return located(signal, body, () => new RequestCheck(signal, body, flawed, depth).request());
}

/**
 * How many resources, scopes and metrics, and how many items a request may have. Empty ones take two bytes each and all the work that
 * others do: a few kilobytes, compressed, would keep a process busy for many seconds. No body limit of use has room for as many real ones.
 */
export const REQUEST_BOUNDS = { frames: 500_000, items: 1_000_000 } as const;

/** The messages from the request inwards, by id; for metrics the last is Metric, whose data hold the items. */
const FRAMES: Readonly<Record<Signal, readonly [request: number, resource: number, scope: number, entry: number]>> = {
  traces: frames("ExportTraceServiceRequest", "ResourceSpans", "ScopeSpans", "Span"),
  metrics: frames("ExportMetricsServiceRequest", "ResourceMetrics", "ScopeMetrics", "Metric"),
  logs: frames("ExportLogsServiceRequest", "ResourceLogs", "ScopeLogs", "LogRecord"),
};

const ENTRY_TAG = SCOPE.entries * 8 + Wire.bytes;

/** By field number of Metric.data: the message of the data and that of its points. */
const DATA: Readonly<Record<number, readonly [data: number, point: number]>> = Object.fromEntries(
  Object.entries(METRIC_DATA).map(([field, { message, point }]) => [field, [messageId(message), messageId(point)]]),
);

function frames(request: string, resource: string, scope: string, entry: string) {
  return [messageId(request), messageId(resource), messageId(scope), messageId(entry)] as const;
}

/** Walks the frames around the items, and hands everything else to the message check. */
class RequestCheck {
  readonly #signal: Signal;
  readonly #body: Uint8Array;
  readonly #flawed: FlawedItems | undefined;
  readonly #check: MessageCheck;
  readonly #depth: ValidationDepth;
  /** Whether items are read in runs. */
  readonly #runs: boolean;
  /** One cursor per level of frames. */
  readonly #cursors: readonly Cursor[];
  #items = 0;
  #frames = 0;

  constructor(signal: Signal, body: Uint8Array, flawed: FlawedItems | undefined, depth: ValidationDepth) {
    this.#signal = signal;
    this.#depth = depth;
    this.#runs = depth === "own" && signal !== "metrics";
    this.#body = body;
    this.#flawed = flawed;
    this.#check = new MessageCheck(body);
    this.#cursors = [0, 1, 2, 3, 4].map(() => new Cursor(body));
  }

  request(): number {
    const [request, resource, scope, entry] = FRAMES[this.#signal];
    this.#frame(request, 0, 0, this.#body.length, isResource, (field) => {
      this.#frame(resource, 1, field.start, field.stop, isScope, (inner) => {
        this.#frame(scope, 2, inner.start, inner.stop, isEntry, (item) => {
          if (this.#signal === "metrics") this.#metric(item);
          else this.#item(entry, item);
        });
      });
    });
    return this.#items;
  }

  /** Checks one container: its children by `each`, its other fields as they are. Their flaws are those of all its items. */
  #frame(
    id: number,
    level: number,
    start: number,
    stop: number,
    isChild: IsChild,
    each: (field: Cursor) => void,
  ): void {
    if (++this.#frames > REQUEST_BOUNDS.frames) {
      throw new WireError(`more than ${REQUEST_BOUNDS.frames} resources, scopes and metrics`, start);
    }
    const field = this.#at(level).over(start, stop);
    const first = this.#items;
    let flawed = -1;
    let flaw: ItemFlaw | undefined;
    for (;;) {
      if (isChild === isEntry && this.#runs) this.#run(FRAMES[this.#signal][3], field);
      if (!field.next()) break;
      if (isChild(field)) {
        each(field);
        continue;
      }
      this.#check.message(id, field.at, field.stop, 0);
      if (this.#check.flaw === undefined) continue;
      flaw ??= this.#check.flaw;
      flawed = flawed < 0 ? this.#check.flawAt : flawed;
      this.#check.flaw = undefined;
    }
    if (flaw !== undefined) this.#report(first, flaw, flawed);
  }

  /** Checks spans or log records that stand side by side, as they usually do, without moving a cursor over each. */
  #run(id: number, scope: Cursor): void {
    const bytes = this.#body;
    const { end } = scope;
    let at = scope.stop;
    while (at < end && bytes[at] === ENTRY_TAG) {
      const stop = usualField(bytes, at, end);
      if (stop < 0) break;
      this.#check.own(id, usualStart(bytes, at), stop);
      this.#checked(at);
      at = stop;
    }
    scope.stop = at;
  }

  #metric(metric: Cursor): void {
    let seen = false;
    this.#frame(FRAMES.metrics[3], 3, metric.start, metric.stop, isData, (field) => {
      if (seen) throw new WireError("a second data field in one metric", field.at);
      seen = true;
      const [data = 0, point = 0] = DATA[field.field] ?? [];
      this.#frame(data, 4, field.start, field.stop, isPoint, (item) => this.#item(point, item));
    });
  }

  #item(id: number, field: Cursor): void {
    if (this.#depth === "items") this.#inside(id, field);
    else if (this.#depth === "own") this.#check.own(id, field.start, field.stop);
    else this.#check.message(id, field.start, field.stop, 0);
    this.#checked(field.at);
  }

  /** Counts an item that was checked, whose field begins at `at`. */
  #checked(at: number): void {
    if (++this.#items > REQUEST_BOUNDS.items) throw new WireError(`more than ${REQUEST_BOUNDS.items} items`, at);
    if (this.#check.flaw === undefined) return;
    this.#report(this.#items - 1, this.#check.flaw, this.#check.flawAt);
    this.#check.flaw = undefined;
  }

  /** Reads all of an item, whose length is sound: whatever stands inside it is its own matter. */
  #inside(id: number, field: Cursor): void {
    try {
      this.#check.message(id, field.start, field.stop, 0);
    } catch (thrown) {
      if (!(thrown instanceof WireError)) throw thrown;
      this.#check.flaw = "malformed";
      this.#check.flawAt = thrown.offset;
    }
  }

  #report(first: number, flaw: ItemFlaw, at: number): void {
    this.#flawed?.add(first, this.#items, flaw, () => pathOf(this.#signal, this.#body, at));
  }

  #at(level: number): Cursor {
    const cursor = this.#cursors[level];
    if (cursor === undefined) throw new RangeError(`no level ${level}`);
    return cursor;
  }
}
