/** The buckets of native histograms: from their packed form and back, and with their bounds. */
import { type BucketSpan, CUSTOM_BUCKETS, type FloatHistogram } from "./float-histogram.ts";

/** A bucket with its bounds; which of them belong to it does not matter to anyone who interpolates. */
export interface Bucket {
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
}

/** Counts by bucket index, ascending. */
export type Counts = Map<number, number>;

/** Unpacks spans and counts. */
export function unpack(spans: readonly BucketSpan[], counts: readonly number[]): Counts {
  const found: Counts = new Map();
  let index = 0;
  let at = 0;
  for (const span of spans) {
    index += span.offset;
    for (let length = span.length; length > 0; length--) found.set(index++, counts[at++] ?? 0);
  }
  return found;
}

/** Packs counts, without the buckets that are empty. */
export function pack(counts: Counts): { readonly spans: readonly BucketSpan[]; readonly buckets: readonly number[] } {
  const spans: { offset: number; length: number }[] = [];
  const buckets: number[] = [];
  let next = 0;
  for (const [index, count] of [...counts].sort(([a], [b]) => a - b)) {
    if (count === 0) continue;
    const last = spans.at(-1);
    if (last !== undefined && index === next) last.length++;
    else spans.push({ offset: index - next, length: 1 });
    buckets.push(count);
    next = index + 1;
  }
  return { spans, buckets };
}

/** Whether a histogram has explicit bounds. */
export function isCustom(histogram: FloatHistogram): boolean {
  return histogram.schema === CUSTOM_BUCKETS;
}

/** The upper bound of the positive bucket `index`. */
export function upperBound(histogram: FloatHistogram, index: number): number {
  const { schema, customValues } = histogram;
  if (schema !== CUSTOM_BUCKETS) return 2 ** (index * 2 ** -schema);
  return index < 0 ? Number.NEGATIVE_INFINITY : (customValues[index] ?? Number.POSITIVE_INFINITY);
}

/** The positive bucket `index` with its bounds. */
export function positiveBucket(histogram: FloatHistogram, index: number, count: number): Bucket {
  return { lower: upperBound(histogram, index - 1), upper: upperBound(histogram, index), count };
}

/** The zero bucket. */
export function zeroBucket({ zeroThreshold, zeroCount }: FloatHistogram): Bucket {
  return { lower: -zeroThreshold, upper: zeroThreshold, count: zeroCount };
}

/** The counts of the buckets on one side of zero, by index; negative ones by the index of their mirror image. */
export function bucketCounts(histogram: FloatHistogram, side: "positive" | "negative"): Counts {
  return side === "positive" ? positives(histogram) : negatives(histogram);
}

/** The counts of the positive buckets. */
export function positives(histogram: FloatHistogram): Counts {
  return unpack(histogram.positiveSpans, histogram.positiveBuckets);
}

/** The counts of the negative buckets, by the index of their mirror image. */
export function negatives(histogram: FloatHistogram): Counts {
  return unpack(histogram.negativeSpans, histogram.negativeBuckets);
}

/** Every bucket from the lowest to the highest, empty ones left out. */
export function bucketsOf(histogram: FloatHistogram): readonly Bucket[] {
  const found: Bucket[] = [];
  for (const [index, count] of negatives(histogram)) {
    const { lower, upper } = positiveBucket(histogram, index, count);
    if (count !== 0) found.unshift({ lower: -upper, upper: -lower, count });
  }
  if (histogram.zeroCount !== 0) found.push(zeroBucket(histogram));
  for (const [index, count] of positives(histogram))
    if (count !== 0) found.push(positiveBucket(histogram, index, count));
  return found;
}
