/** Histograms with explicit bounds as they are added up: bucket by bucket, while the bounds stay the same. */
import { Cursor, Wire } from "@rondo/otlp";
import {
  addCounts,
  addSummaries,
  keptCount,
  type PointKind,
  readNumbers,
  type Summary,
  writeSummary,
} from "./point-value.ts";

/** HistogramDataPoint. */
export interface HistogramValue extends Summary {
  readonly count: number;
  /** One more than `bounds`, or none. */
  readonly counts: readonly number[];
  readonly bounds: readonly number[];
}

const FIELDS = { count: 4, sum: 5, counts: 6, bounds: 7, min: 11, max: 12 } as const;

/** Points of histograms. With other bounds than before there is nothing to add to. */
export const histogramPoints: PointKind<HistogramValue> = {
  fields: new Set(Object.values(FIELDS)),
  read(bytes, start, end) {
    const field = new Cursor(bytes, start, end);
    const counts: number[] = [];
    const bounds: number[] = [];
    let count = 0;
    const summary: { -readonly [K in keyof Summary]: Summary[K] } = {};
    while (field.next()) {
      if (field.field === FIELDS.counts)
        readNumbers(field, Wire.fixed64, counts, (element) => keptCount(element.fixed64Number()));
      else if (field.field === FIELDS.bounds) readNumbers(field, Wire.fixed64, bounds, (element) => element.double());
      else if (field.is(FIELDS.count, Wire.fixed64)) count = keptCount(field.fixed64Number());
      else if (field.is(FIELDS.sum, Wire.fixed64)) summary.sum = field.double();
      else if (field.is(FIELDS.min, Wire.fixed64)) summary.min = field.double();
      else if (field.is(FIELDS.max, Wire.fixed64)) summary.max = field.double();
    }
    return { count, counts, bounds, ...summary };
  },
  add(sum, delta) {
    if (!isEqual(sum.bounds, delta.bounds)) return undefined;
    // Of malformed points, whose bounds and counts do not match, as many as both have.
    const counts = sum.counts.map((count, index) => addCounts(count, delta.counts[index] ?? 0));
    return { count: addCounts(sum.count, delta.count), counts, bounds: sum.bounds, ...addSummaries(sum, delta) };
  },
  buckets: ({ counts, bounds }) => Math.max(counts.length, bounds.length),
  write(out, value) {
    out.tag(FIELDS.count, Wire.fixed64).fixed64(BigInt(value.count));
    const counts = out.open(FIELDS.counts);
    for (const count of value.counts) out.fixed64(BigInt(count));
    out.close(counts);
    const bounds = out.open(FIELDS.bounds);
    for (const bound of value.bounds) out.double(bound);
    out.close(bounds);
    writeSummary(out, value, FIELDS);
  },
};

function isEqual(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((bound, index) => bound === b[index]);
}
