/** Cutting a native histogram at a value: what lies beyond goes, and a bucket that holds the value is split. */
import type { FloatHistogram } from "./float-histogram.ts";
import {
  type Bucket,
  type Counts,
  isCustom,
  negatives,
  pack,
  positiveBucket,
  positives,
  zeroBucket,
} from "./histogram-buckets.ts";

/** The part of a bucket that stays: how many observations, and where they are in the mean. */
interface Part {
  readonly count: number;
  readonly middle: number;
}

const NOTHING: Part = { count: 0, middle: 0 };

/**
 * The histogram without its observations above `bound` (`keepBelow`), or without those below it. The sum is that of what
 * stays, each observation taken to lie in the middle of its part of the bucket; when nothing goes, it is what it was.
 */
export function trimHistogram(histogram: FloatHistogram, bound: number, keepBelow: boolean): FloatHistogram {
  const custom = isCustom(histogram);
  let count = 0;
  let sum = 0;
  let removed = false;
  // Both sides and the zero bucket are cut by the same rules; only how their inside is divided differs.
  const keep = (bucket: Bucket, linear: boolean): number => {
    if (bucket.count === 0) return 0;
    const part = trimBucket(bucket, bound, keepBelow, linear);
    count += part.count;
    if (part.count !== 0) sum += part.count * part.middle;
    removed ||= part.count !== bucket.count;
    return part.count;
  };
  const positive: Counts = new Map();
  for (const [index, total] of positives(histogram))
    positive.set(index, keep(positiveBucket(histogram, index, total), custom));
  const negative: Counts = new Map();
  for (const [index, total] of negatives(histogram)) {
    const { lower, upper } = positiveBucket(histogram, index, total);
    negative.set(index, keep({ lower: -upper, upper: -lower, count: total }, false));
  }
  const zeroCount = keep(oneSided(histogram), true);
  // The sum is exact as long as nothing goes: an estimate would only make it worse.
  if (!removed) return histogram;
  const [above, below] = [pack(positive), pack(negative)];
  return {
    ...histogram,
    count,
    sum,
    zeroCount,
    positiveSpans: above.spans,
    positiveBuckets: above.buckets,
    negativeSpans: below.spans,
    negativeBuckets: below.buckets,
  };
}

/** The zero bucket, on one side of zero only when all other observations are. */
function oneSided(histogram: FloatHistogram): Bucket {
  const bucket = zeroBucket(histogram);
  const above = histogram.positiveBuckets.length > 0;
  const below = histogram.negativeBuckets.length > 0;
  if (above === below) return bucket;
  return above ? { ...bucket, lower: 0 } : { ...bucket, upper: 0 };
}

/** The middle between two values: arithmetic in linear buckets, geometric in exponential ones. */
function middleOf(lower: number, upper: number, linear: boolean): number {
  if (linear) return (lower + upper) / 2;
  const geometric = Math.sqrt(Math.abs(lower) * Math.abs(upper));
  return upper <= 0 ? -geometric : geometric;
}

/** What stays of a bucket with both its bounds. */
function trimBucket(bucket: Bucket, bound: number, keepBelow: boolean, linear: boolean): Part {
  const { lower, upper, count } = bucket;
  if (lower === Number.NEGATIVE_INFINITY) return trimLowest(bucket, bound, keepBelow);
  if (upper === Number.POSITIVE_INFINITY) return trimHighest(bucket, bound, keepBelow);
  // Wholly on the side that stays, wholly on the other, or split.
  // What lies exactly at the value stays with the upper side; a zero bucket may have no width.
  if (keepBelow && bound <= lower) return NOTHING;
  if (keepBelow ? upper <= bound : lower >= bound) return { count, middle: middleOf(lower, upper, linear) };
  if (!keepBelow && upper <= bound) return NOTHING;
  const share = shareBelow(bucket, bound, linear);
  return keepBelow
    ? { count: count * share, middle: middleOf(lower, bound, linear) }
    : { count: count * (1 - share), middle: middleOf(bound, upper, linear) };
}

/** The share of a bucket below a value within it. */
function shareBelow({ lower, upper }: Bucket, bound: number, linear: boolean): number {
  if (linear) return (bound - lower) / (upper - lower);
  const low = Math.log2(Math.abs(lower));
  const high = Math.log2(Math.abs(upper));
  const at = Math.log2(Math.abs(bound));
  return lower >= 0 ? (at - low) / (high - low) : 1 - (at - high) / (low - high);
}

/** The explicit bucket without a lower end: it begins at zero when it ends above it, else nothing is known of its inside. */
function trimLowest({ upper, count }: Bucket, bound: number, keepBelow: boolean): Part {
  const start = upper > 0 ? 0 : upper;
  if (upper === Number.POSITIVE_INFINITY) {
    // A single bucket from -Inf to +Inf says nothing at all about where its observations are.
    const all = bound === (keepBelow ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY);
    return all ? { count, middle: 0 } : NOTHING;
  }
  if (keepBelow) {
    if (bound >= upper) return { count, middle: (start + upper) / 2 };
    if (bound >= 0) return { count: (count * bound) / upper, middle: bound / 2 };
    return upper > 0 || bound === Number.NEGATIVE_INFINITY ? NOTHING : { count, middle: bound };
  }
  if (bound === Number.NEGATIVE_INFINITY) return { count, middle: (start + upper) / 2 };
  return bound >= 0 && bound < upper ? { count: count * (1 - bound / upper), middle: (bound + upper) / 2 } : NOTHING;
}

/** The explicit bucket without an upper end: nothing is known of its inside but where it begins. */
function trimHighest({ lower, count }: Bucket, bound: number, keepBelow: boolean): Part {
  if (bound === Number.POSITIVE_INFINITY) return keepBelow ? { count, middle: lower } : NOTHING;
  return keepBelow ? NOTHING : { count, middle: Math.max(lower, bound) };
}
