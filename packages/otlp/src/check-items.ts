/**
 * The deep checks of single items: what every reader can parse and no backend can use. They are the second half of
 * validation, for a gateway that is asked for `validate: full`; the first is validate.ts (architecture §1a.14).
 */
import { isUtf8 } from "node:buffer";
import { Cursor, Wire } from "./cursor.ts";
import type { FlawedItems } from "./flawed-items.ts";
import { LEVELS, METRIC_DATA, NO_RECORDED_VALUE, SIGNAL_MESSAGES } from "./layout.ts";
import { located, pathOf } from "./locate.ts";
import { type Message, messageOf } from "./schema.ts";
import type { Signal } from "./signal.ts";

/** Why an item that can be read cannot be used. */
export type DeepFlaw = "text_utf8" | "point_value" | "buckets" | "quantile" | "temporality" | "metric_name";

/** Metric.name. */
const NAME = 1;
/** `aggregation_temporality` of Sum, Histogram and ExponentialHistogram; AGGREGATION_TEMPORALITY_DELTA and _CUMULATIVE. */
const TEMPORALITY = 2;
const TEMPORALITIES = [1, 2];
const WITH_TEMPORALITY: readonly Message[] = ["Sum", "Histogram", "ExponentialHistogram"].map(messageOf);
const METRIC = messageOf("Metric");

const NUMBER = { double: 4, int: 6, flags: 8 } as const;
const HISTOGRAM = { counts: 6, bounds: 7 } as const;
const SUMMARY = { quantiles: 6 } as const;
/** SummaryDataPoint.ValueAtQuantile.quantile. */
const QUANTILE = 1;

/** Tells what is wrong with a point, if anything is. `point` stands before its first field, `inner` is free for use. */
type PointCheck = (point: Cursor, inner: Cursor) => DeepFlaw | undefined;

const POINT_CHECKS: ReadonlyMap<Message, PointCheck> = new Map<Message, PointCheck>([
  [messageOf(METRIC_DATA[5].point), numberFlaw],
  [messageOf(METRIC_DATA[9].point), histogramFlaw],
  [messageOf(METRIC_DATA[11].point), summaryFlaw],
]);

/**
 * Notes in `flawed` every item of a request that `validateRequest` has taken, that is not flawed already, and that
 *
 * - holds text that is not UTF-8, which proto3 forbids (`text_utf8`);
 * - is a number without a value that is not said to be missing (`point_value`), a histogram whose buckets do not fit its
 *   bounds or whose bounds do not increase (`buckets`), or a summary with a quantile outside [0, 1] (`quantile`);
 * - belongs to a metric without a name (`metric_name`) or of unspecified temporality (`temporality`).
 *
 * A flaw of a resource, scope or metric is one of all its items. What is odd but has a meaning is kept: NaN and infinity, any time,
 * an end before its start, a count that is not the sum of its buckets. opentelemetry/proto/metrics/v1. Throws WireError for broken
 * frames.
 */
export function checkItems(signal: Signal, body: Uint8Array, flawed: FlawedItems): void {
  located(signal, body, () => new ItemCheck(signal, body, flawed).request());
}

class ItemCheck {
  readonly #signal: Signal;
  readonly #body: Uint8Array;
  readonly #flawed: FlawedItems;
  /** One per depth of messages: those that a message is read with while its children are. */
  readonly #cursors: Cursor[] = [];
  readonly #point: Cursor;
  readonly #inner: Cursor;
  #items = 0;

  constructor(signal: Signal, body: Uint8Array, flawed: FlawedItems) {
    this.#signal = signal;
    this.#body = body;
    this.#flawed = flawed;
    this.#point = new Cursor(body);
    this.#inner = new Cursor(body);
  }

  request(): void {
    this.#frame(0, messageOf(SIGNAL_MESSAGES[this.#signal].request), 0, 0, this.#body.length);
  }

  /** Checks a request, resource, scope, metric or metric's data, whose field begins at `at`, and all in it. */
  #frame(level: number, message: Message, at: number, start: number, stop: number): void {
    const levels = LEVELS[this.#signal];
    const field = this.#cursor(level).over(start, stop);
    const first = this.#items;
    let named = message !== METRIC;
    let temporality = WITH_TEMPORALITY.includes(message) ? 0 : undefined;
    let text = -1;
    while (field.next()) {
      const child = message.fields[field.field]?.message;
      if (levels[level]?.(field) && child !== undefined) {
        if (level === levels.length - 1) this.#item(child, field);
        else this.#frame(level + 1, child, field.at, field.start, field.stop);
        continue;
      }
      if (!named && field.is(NAME, Wire.bytes)) named = field.stop > field.start;
      if (temporality !== undefined && field.is(TEMPORALITY, Wire.varint)) temporality = field.number();
      if (text < 0) text = this.#badText(message, field, level + 1);
    }
    if (text >= 0) this.#note(first, "text_utf8", text);
    if (!named) this.#note(first, "metric_name", at);
    if (temporality !== undefined && !TEMPORALITIES.includes(temporality)) this.#note(first, "temporality", at);
  }

  #item(message: Message, item: Cursor): void {
    const index = this.#items++;
    // An item is flawed once, and may be malformed.
    if (this.#flawed.has(index)) return;
    const flaw = POINT_CHECKS.get(message)?.(this.#point.enter(item), this.#inner.enter(item));
    if (flaw !== undefined) this.#note(index, flaw, item.at);
    const text = this.#badTextIn(message, item.start, item.stop, LEVELS[this.#signal].length);
    // An item counts once, for the flaw that was noted first.
    if (text >= 0) this.#note(index, "text_utf8", text);
  }

  /** Notes a flaw of the items from `first` to the one that was read last. */
  #note(first: number, flaw: DeepFlaw, at: number): void {
    this.#flawed.add(first, this.#items, flaw, () => pathOf(this.#signal, this.#body, at));
  }

  /** Where the first text in a message stands that is not UTF-8; -1 without one. The nesting was bounded by validation. */
  #badTextIn(message: Message, start: number, stop: number, depth: number): number {
    const field = this.#cursor(depth).over(start, stop);
    while (field.next()) {
      const found = this.#badText(message, field, depth + 1);
      if (found >= 0) return found;
    }
    return -1;
  }

  #badText(message: Message, field: Cursor, depth: number): number {
    if (field.wire !== Wire.bytes) return -1;
    const known = message.fields[field.field];
    if (known?.kind === "string") return this.#isText(field.start, field.stop) ? -1 : field.at;
    return known?.message === undefined ? -1 : this.#badTextIn(known.message, field.start, field.stop, depth);
  }

  /** Most text is ASCII, and short: looking at it costs less than asking for a view of it. */
  #isText(start: number, stop: number): boolean {
    const bytes = this.#body;
    let pos = start;
    while (pos < stop && (bytes[pos] ?? 0) < 0x80) pos++;
    return pos === stop || isUtf8(bytes.subarray(pos, stop));
  }

  #cursor(depth: number): Cursor {
    const cursor = this.#cursors[depth] ?? new Cursor(this.#body);
    this.#cursors[depth] = cursor;
    return cursor;
  }
}

function numberFlaw(point: Cursor): DeepFlaw | undefined {
  let recorded = true;
  while (point.next()) {
    if (point.is(NUMBER.double, Wire.fixed64) || point.is(NUMBER.int, Wire.fixed64)) return undefined;
    if (point.is(NUMBER.flags, Wire.varint)) recorded = point.number() % 2 !== NO_RECORDED_VALUE;
  }
  return recorded ? "point_value" : undefined;
}

function histogramFlaw(point: Cursor, inner: Cursor): DeepFlaw | undefined {
  let counts = 0;
  let bounds = 0;
  let last = -Infinity;
  while (point.next()) {
    if (point.field === HISTOGRAM.counts) counts += point.wire === Wire.bytes ? (point.stop - point.start) / 8 : 1;
    if (point.field !== HISTOGRAM.bounds) continue;
    // Packed or not: a bound of its own is a list of one.
    inner.over(point.start, point.stop);
    for (let at = point.start; at < point.stop; at = inner.stop) {
      const bound = inner.element(at, Wire.fixed64).double();
      // NaN is above nothing. The first bound may be −∞, of which nothing is below.
      if (!(bound > last) && !(bounds === 0 && bound === -Infinity)) return "buckets";
      last = bound;
      bounds++;
    }
  }
  return (counts === 0 && bounds === 0) || counts === bounds + 1 ? undefined : "buckets";
}

function summaryFlaw(point: Cursor, inner: Cursor): DeepFlaw | undefined {
  while (point.next()) {
    if (!point.is(SUMMARY.quantiles, Wire.bytes)) continue;
    inner.enter(point);
    while (inner.next()) {
      if (!inner.is(QUANTILE, Wire.fixed64)) continue;
      const quantile = inner.double();
      if (!(quantile >= 0 && quantile <= 1)) return "quantile";
    }
  }
  return undefined;
}
