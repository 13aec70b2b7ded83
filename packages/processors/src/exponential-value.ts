/**
 * Exponential histograms as they are added up: at the coarser of both scales, and at a coarser one still where the buckets would
 * become too many. https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram
 */
import { Cursor, Wire, type Writer } from "@rondo/otlp";
import {
  addCounts,
  addSummaries,
  keptCount,
  type PointKind,
  readNumbers,
  type Summary,
  writeSummary,
} from "./point-value.ts";

/** Counts of neighbouring buckets, the first of which has the index `offset`. */
export interface Buckets {
  readonly offset: number;
  readonly counts: readonly number[];
}

/** ExponentialHistogramDataPoint. */
export interface ExponentialValue extends Summary {
  readonly count: number;
  readonly scale: number;
  readonly zeroCount: number;
  readonly zeroThreshold: number;
  readonly positive: Buckets;
  readonly negative: Buckets;
}

/** Buckets on either side of zero that a sum may have, as SDKs have them. */
export const MOST_BUCKETS = 160;
/** Scales that make sense for doubles, and some: points of others are not added up. */
const SCALES = { min: -20, max: 40 } as const;
/** Halving an index this often leaves 0 or -1 of any. */
const MOST_HALVINGS = 40;

const FIELDS = {
  ...{ count: 4, sum: 5, scale: 6, zeroCount: 7, positive: 8, negative: 9, min: 12, max: 13, zeroThreshold: 14 },
} as const;
const BUCKETS = { offset: 1, counts: 2 } as const;
const NO_BUCKETS: Buckets = { offset: 0, counts: [] };

/** Points of exponential histograms. */
export const exponentialPoints: PointKind<ExponentialValue> = {
  fields: new Set(Object.values(FIELDS)),
  read(bytes, start, end) {
    const field = new Cursor(bytes, start, end);
    const value: { -readonly [K in keyof ExponentialValue]: ExponentialValue[K] } = {
      ...{ count: 0, scale: 0, zeroCount: 0, zeroThreshold: 0, positive: NO_BUCKETS, negative: NO_BUCKETS },
    };
    while (field.next()) {
      if (field.is(FIELDS.count, Wire.fixed64)) value.count = keptCount(field.fixed64Number());
      else if (field.is(FIELDS.sum, Wire.fixed64)) value.sum = field.double();
      else if (field.is(FIELDS.scale, Wire.varint)) value.scale = zigzag(field);
      else if (field.is(FIELDS.zeroCount, Wire.fixed64)) value.zeroCount = keptCount(field.fixed64Number());
      else if (field.is(FIELDS.positive, Wire.bytes)) value.positive = readBuckets(field);
      else if (field.is(FIELDS.negative, Wire.bytes)) value.negative = readBuckets(field);
      else if (field.is(FIELDS.min, Wire.fixed64)) value.min = field.double();
      else if (field.is(FIELDS.max, Wire.fixed64)) value.max = field.double();
      else if (field.is(FIELDS.zeroThreshold, Wire.fixed64)) value.zeroThreshold = threshold(field.double());
    }
    return value;
  },
  add(sum, delta) {
    if (![sum, delta].every(({ scale }) => scale >= SCALES.min && scale <= SCALES.max)) return undefined;
    const scale = Math.min(sum.scale, delta.scale);
    const width = Math.max(sum.zeroThreshold, delta.zeroThreshold);
    const a = widened(coarser(sum, scale), width);
    const b = widened(coarser(delta, scale), width);
    const fitting = scale - Math.max(tooFine(a.positive, b.positive), tooFine(a.negative, b.negative));
    const [one, other] = [coarser(a, fitting), coarser(b, fitting)];
    return {
      scale: fitting,
      count: addCounts(a.count, b.count),
      zeroCount: addCounts(a.zeroCount, b.zeroCount),
      zeroThreshold: Math.max(a.zeroThreshold, b.zeroThreshold),
      positive: merged(one.positive, other.positive),
      negative: merged(one.negative, other.negative),
      ...addSummaries(sum, delta),
    };
  },
  buckets: ({ positive, negative }) => positive.counts.length + negative.counts.length,
  write(out, value) {
    out.tag(FIELDS.count, Wire.fixed64).fixed64(BigInt(value.count));
    out.tag(FIELDS.scale, Wire.varint).varint(zagged(value.scale));
    out.tag(FIELDS.zeroCount, Wire.fixed64).fixed64(BigInt(value.zeroCount));
    writeBuckets(out, FIELDS.positive, value.positive);
    writeBuckets(out, FIELDS.negative, value.negative);
    writeSummary(out, value, FIELDS);
    out.tag(FIELDS.zeroThreshold, Wire.fixed64).double(value.zeroThreshold);
  },
};

/** The same at a coarser scale: two to the power of the difference buckets become one. */
function coarser(value: ExponentialValue, scale: number): ExponentialValue {
  if (scale === value.scale) return value;
  const by = 2 ** Math.min(value.scale - scale, MOST_HALVINGS);
  const fold = (fine: Buckets): Buckets => {
    const { offset, counts } = trimmed(fine);
    const first = Math.floor(offset / by);
    const folded = new Array<number>(
      counts.length === 0 ? 0 : Math.floor((offset + counts.length - 1) / by) - first + 1,
    );
    folded.fill(0);
    for (const [index, count] of counts.entries()) {
      const to = Math.floor((offset + index) / by) - first;
      folded[to] = addCounts(folded[to] ?? 0, count);
    }
    return { offset: first, counts: folded };
  };
  return { ...value, scale, positive: fold(value.positive), negative: fold(value.negative) };
}

/** The same with a wider zero bucket, up to the end of the bucket that `width` falls into. */
function widened(value: ExponentialValue, width: number): ExponentialValue {
  if (width <= value.zeroThreshold) return value;
  const base = 2 ** -value.scale;
  // Of the index i the values are in (2^(i·base), 2^((i+1)·base)].
  const last = Math.ceil(Math.log2(width) / base) - 1;
  let zeroCount = value.zeroCount;
  const cut = ({ offset, counts }: Buckets): Buckets => {
    const gone = Math.min(Math.max(0, last + 1 - offset), counts.length);
    for (const count of counts.slice(0, gone)) zeroCount = addCounts(zeroCount, count);
    return { offset: offset + gone, counts: counts.slice(gone) };
  };
  const [positive, negative] = [cut(value.positive), cut(value.negative)];
  const zeroThreshold = Math.min(Number.MAX_VALUE, Math.max(width, 2 ** ((last + 1) * base)));
  return { ...value, positive, negative, zeroCount, zeroThreshold };
}

function merged(a: Buckets, b: Buckets): Buckets {
  const [one, other] = [trimmed(a), trimmed(b)];
  if (one.counts.length === 0) return other;
  if (other.counts.length === 0) return one;
  const offset = Math.min(one.offset, other.offset);
  const end = Math.max(one.offset + one.counts.length, other.offset + other.counts.length);
  const counts = Array.from({ length: end - offset }, (_, index) => {
    const at = offset + index;
    return addCounts(one.counts[at - one.offset] ?? 0, other.counts[at - other.offset] ?? 0);
  });
  return { offset, counts };
}

/** Without the empty buckets at both ends. */
function trimmed({ offset, counts }: Buckets): Buckets {
  const first = counts.findIndex((count) => count > 0);
  if (first < 0) return NO_BUCKETS;
  const last = counts.findLastIndex((count) => count > 0);
  return { offset: offset + first, counts: counts.slice(first, last + 1) };
}

/** How many times the scale has to be halved for both to have few enough buckets together. */
function tooFine(a: Buckets, b: Buckets): number {
  const used = [trimmed(a), trimmed(b)].filter(({ counts }) => counts.length > 0);
  if (used.length === 0) return 0;
  let low = Math.min(...used.map(({ offset }) => offset));
  let high = Math.max(...used.map(({ offset, counts }) => offset + counts.length - 1));
  let halvings = 0;
  for (; high - low >= MOST_BUCKETS; halvings++) {
    low = Math.floor(low / 2);
    high = Math.floor(high / 2);
  }
  return halvings;
}

function readBuckets(parent: Cursor): Buckets {
  const field = new Cursor(parent.bytes).enter(parent);
  const counts: number[] = [];
  let offset = 0;
  while (field.next()) {
    if (field.is(BUCKETS.offset, Wire.varint)) offset = zigzag(field);
    else if (field.field === BUCKETS.counts)
      readNumbers(field, Wire.varint, counts, (element) => keptCount(element.number()));
  }
  return { offset, counts };
}

function writeBuckets(out: Writer, field: number, { offset, counts }: Buckets): void {
  const buckets = out.open(field);
  out.tag(BUCKETS.offset, Wire.varint).varint(zagged(offset));
  const list = out.open(BUCKETS.counts);
  for (const count of counts) out.varint(count);
  out.close(list).close(buckets);
}

/** The width of a zero bucket; what is none is no width. */
function threshold(width: number): number {
  return width > 0 && width <= Number.MAX_VALUE ? width : 0;
}

/** A sint32. */
function zigzag(field: Cursor): number {
  const value = field.number();
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

function zagged(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}
