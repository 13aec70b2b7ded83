/** Points of each kind, read field by field and given on as samples: opentelemetry/proto/metrics/v1. */
import { Cursor, NO_RECORDED_VALUE, Wire } from "@rondo/otlp";
import { STALE_NAN } from "@rondo/promql";
import { AttributeKey } from "./attributes.ts";
import { Exemplars } from "./exemplars.ts";
import type { MetricSeries, PointSeries } from "./metric-series.ts";
import { numberText } from "./number-text.ts";
import type { RefusalReason, Series, SeriesReader } from "./series.ts";

/** Fields that all kinds have under the same number. */
const TIME = 3;

/*
 * NumberDataPoint   { repeated KeyValue attributes = 7; fixed64 time_unix_nano = 3; oneof value { double as_double = 4; sfixed64 as_int = 6; }
 *                     repeated Exemplar exemplars = 5; uint32 flags = 8; }
 * HistogramDataPoint{ repeated KeyValue attributes = 9; fixed64 time_unix_nano = 3; fixed64 count = 4; optional double sum = 5;
 *                     repeated fixed64 bucket_counts = 6; repeated double explicit_bounds = 7; repeated Exemplar exemplars = 8; uint32 flags = 10; }
 * SummaryDataPoint  { repeated KeyValue attributes = 7; fixed64 time_unix_nano = 3; fixed64 count = 4; double sum = 5;
 *                     repeated ValueAtQuantile quantile_values = 6; uint32 flags = 8; }
 *
 * The start times are not read: remote write 1 and text have no place for them.
 */
const NUMBER = { double: 4, exemplars: 5, int: 6, attributes: 7, flags: 8 } as const;
const HISTOGRAM = { count: 4, sum: 5, counts: 6, bounds: 7, exemplars: 8, attributes: 9, flags: 10 } as const;
const SUMMARY = { count: 4, sum: 5, quantiles: 6, attributes: 7, flags: 8 } as const;
const QUANTILE = { quantile: 1, value: 2 } as const;

/** Reads points of one request, one after another; what it gives on and how much of it is kept here. */
export class PointReader {
  /** Samples given on so far. */
  samples = 0;
  /** Of the last point, milliseconds. */
  time = 0;
  readonly #body: Buffer;
  readonly #reader: SeriesReader;
  readonly #point: Cursor;
  readonly #inner: Cursor;
  readonly #key = new AttributeKey();
  readonly #exemplars: Exemplars | undefined;
  #stale = false;

  constructor(body: Buffer, reader: SeriesReader) {
    this.#body = body;
    this.#reader = reader;
    this.#point = new Cursor(body);
    this.#inner = new Cursor(body);
    this.#exemplars = reader.exemplar === undefined ? undefined : new Exemplars(body);
  }

  /** Gives one sample on, with the time of the point. */
  give(series: Series, value: number): void {
    this.samples++;
    this.#reader.sample(series, this.time, this.#stale ? STALE_NAN : value);
  }

  /** A NumberDataPoint: one sample. The reason, when it has none. */
  number(parent: Cursor, metric: MetricSeries): RefusalReason | undefined {
    const point = this.#begin(parent);
    let value: number | undefined;
    let exemplars = false;
    while (point.next()) {
      const { field, wire } = point;
      if (field === NUMBER.attributes && wire === Wire.bytes) this.#key.add(point, this.#body);
      else if (field === NUMBER.double && wire === Wire.fixed64) value = point.double();
      else if (field === NUMBER.int && wire === Wire.fixed64) value = point.sfixed64Number();
      else if (field === NUMBER.exemplars) exemplars = true;
      else this.#common(field, NUMBER.flags);
    }
    if (value === undefined && !this.#stale) return "invalid_point";
    const { main } = metric.point(this.#key.of(this.#body), parent, point, "");
    this.give(main, value ?? 0);
    // Prometheus knows exemplars of counters and buckets only.
    if (exemplars && this.#exemplars !== undefined && metric.head.family.kind === "counter")
      this.#exemplars.give(point.enter(parent), NUMBER.exemplars, [main], [], this.#reader);
    this.#reader.pointEnd?.();
    return undefined;
  }

  /** A HistogramDataPoint: cumulative buckets, count, and the sum when there is one. */
  histogram(parent: Cursor, metric: MetricSeries): RefusalReason | undefined {
    const point = this.#begin(parent);
    const counts: number[] = [];
    const bounds: number[] = [];
    let count = 0;
    let sum: number | undefined;
    let exemplars = false;
    while (point.next()) {
      const { field, wire } = point;
      if (field === HISTOGRAM.attributes && wire === Wire.bytes) this.#key.add(point, this.#body);
      else if (field === HISTOGRAM.count && wire === Wire.fixed64) count = point.fixed64Number();
      else if (field === HISTOGRAM.sum && wire === Wire.fixed64) sum = point.double();
      else if (field === HISTOGRAM.counts) numbers(point, this.#inner, (one) => counts.push(one.fixed64Number()));
      else if (field === HISTOGRAM.bounds) numbers(point, this.#inner, (one) => bounds.push(one.double()));
      else if (field === HISTOGRAM.exemplars) exemplars = true;
      else this.#common(field, HISTOGRAM.flags);
    }
    // Without bounds and buckets a histogram is a count and perhaps a sum; otherwise the last bucket has no bound of its own.
    const empty = counts.length === 0 && bounds.length === 0;
    if (!empty && counts.length !== bounds.length + 1) return "invalid_point";
    const series = metric.point(this.#key.of(this.#body), parent, point, "_count");
    // A point that ends a series says nothing of its buckets: all that were there end.
    const known = this.#stale && empty && series.parts !== undefined;
    const buckets = known ? (series.parts ?? []) : this.#buckets(series, bounds, parent, metric);
    let below = 0;
    for (let i = 0; i < buckets.length - 1; i++) {
      below += counts[i] ?? 0;
      const bucket = buckets[i];
      if (bucket !== undefined) this.give(bucket, below);
    }
    // Not the sum of the buckets: the two may differ for a moment, and `_count` and `+Inf` never must.
    const last = buckets.at(-1);
    if (last !== undefined) this.give(last, count);
    if (sum !== undefined || (this.#stale && series.sum !== undefined)) {
      series.sum ??= metric.series(parent, point, "_sum");
      this.give(series.sum, sum ?? 0);
    }
    this.give(series.main, count);
    if (exemplars && this.#exemplars !== undefined)
      this.#exemplars.give(point.enter(parent), HISTOGRAM.exemplars, buckets, bounds, this.#reader);
    this.#reader.pointEnd?.();
    return undefined;
  }

  /** A SummaryDataPoint: its quantiles, sum and count. */
  summary(parent: Cursor, metric: MetricSeries): RefusalReason | undefined {
    const point = this.#begin(parent);
    const quantiles: number[] = [];
    const values: number[] = [];
    let count = 0;
    let sum = 0;
    while (point.next()) {
      const { field, wire } = point;
      if (field === SUMMARY.attributes && wire === Wire.bytes) this.#key.add(point, this.#body);
      else if (field === SUMMARY.count && wire === Wire.fixed64) count = point.fixed64Number();
      else if (field === SUMMARY.sum && wire === Wire.fixed64) sum = point.double();
      else if (field === SUMMARY.quantiles && wire === Wire.bytes) this.#quantile(quantiles, values);
      else this.#common(field, SUMMARY.flags);
    }
    const series = metric.point(this.#key.of(this.#body), parent, point, "_count");
    // As with buckets: a point that ends a summary need not name its quantiles.
    const known = this.#stale && quantiles.length === 0 && series.parts !== undefined;
    const parts = known
      ? (series.parts ?? [])
      : this.#parts(series, quantiles, (quantile) =>
          metric.series(parent, point, "", ["quantile", numberText(quantile)]),
        );
    for (const [index, part] of parts.entries()) this.give(part, values[index] ?? 0);
    series.sum ??= metric.series(parent, point, "_sum");
    this.give(series.sum, sum);
    this.give(series.main, count);
    this.#reader.pointEnd?.();
    return undefined;
  }

  /** Forgets the point before, and stands before the first field of this one. */
  #begin(parent: Cursor): Cursor {
    this.#key.reset();
    this.#stale = false;
    this.time = 0;
    return this.#point.enter(parent);
  }

  /** The fields that mean the same in all kinds; everything that is not known is passed over. */
  #common(field: number, flags: number): void {
    const point = this.#point;
    if (field === TIME && point.wire === Wire.fixed64) this.time = point.fixed64Millis();
    else if (field === flags && point.wire === Wire.varint) this.#stale = (point.number() & NO_RECORDED_VALUE) !== 0;
  }

  /** ValueAtQuantile { double quantile = 1; double value = 2; } */
  #quantile(quantiles: number[], values: number[]): void {
    const inner = this.#inner.enter(this.#point);
    let quantile = 0;
    let value = 0;
    while (inner.next()) {
      if (inner.is(QUANTILE.quantile, Wire.fixed64)) quantile = inner.double();
      else if (inner.is(QUANTILE.value, Wire.fixed64)) value = inner.double();
    }
    quantiles.push(quantile);
    values.push(value);
  }

  /** One series for each bound, and one for all. */
  #buckets(series: PointSeries, bounds: readonly number[], parent: Cursor, metric: MetricSeries): readonly Series[] {
    const all = [...bounds, Number.POSITIVE_INFINITY];
    return this.#parts(series, all, (bound) =>
      metric.series(parent, this.#point, "_bucket", ["le", numberText(bound)]),
    );
  }

  /** The series of bounds or quantiles; they are made again only when these have changed since the last point. */
  #parts(series: PointSeries, marks: readonly number[], make: (mark: number) => Series): readonly Series[] {
    const key = marks.join(",");
    if (series.parts !== undefined && series.partsKey === key) return series.parts;
    series.parts = marks.map(make);
    series.partsKey = key;
    return series.parts;
  }
}

/** Visits 64-bit numbers, packed as proto3 writes them or one to a field. */
function numbers(field: Cursor, element: Cursor, visit: (one: Cursor) => void): void {
  if (field.wire === Wire.fixed64) visit(field);
  if (field.wire !== Wire.bytes) return;
  element.enter(field);
  for (let at = field.start; at < field.stop; at += 8) visit(element.element(at, Wire.fixed64));
}
