/** Quantiles and fractions of native histograms: interpolated on the scale that the buckets have. */
import type { FloatHistogram } from "./float-histogram.ts";
import { type Bucket, bucketsOf, isCustom } from "./histogram-buckets.ts";

/** A bucket that reaches over zero ends there when there are observations on one side only. */
function atZero(histogram: FloatHistogram, bucket: Bucket): Bucket {
  const { negativeBuckets, positiveBuckets } = histogram;
  if (isCustom(histogram) || bucket.lower > 0 || bucket.upper < 0) return bucket;
  if (negativeBuckets.length === 0 && positiveBuckets.length > 0) return { ...bucket, lower: 0 };
  if (positiveBuckets.length === 0 && negativeBuckets.length > 0) return { ...bucket, upper: 0 };
  return bucket;
}

/** The value at a share of a bucket: linear in explicit buckets and around zero, exponential elsewhere. */
function within(histogram: FloatHistogram, { lower, upper }: Bucket, share: number): number {
  if (isCustom(histogram) || (lower <= 0 && upper >= 0)) return lower + (upper - lower) * share;
  const low = Math.log2(Math.abs(lower));
  const high = Math.log2(Math.abs(upper));
  return lower > 0 ? 2 ** (low + (high - low) * share) : -(2 ** (high + (low - high) * (1 - share)));
}

/** The q-quantile; NaN without observations, ∓Inf for a q outside [0, 1]. Observations of NaN count as above everything. */
export function nativeQuantile(q: number, histogram: FloatHistogram): number {
  if (q < 0) return Number.NEGATIVE_INFINITY;
  if (q > 1) return Number.POSITIVE_INFINITY;
  const total = histogram.count;
  if (total === 0 || Number.isNaN(q)) return Number.NaN;
  // A sum of NaN is how a histogram shows that it has observed NaN.
  const hasNaN = Number.isNaN(histogram.sum);
  const buckets = bucketsOf(histogram);
  // Counted from the nearer end, but NaN is in no bucket, so that only the lower end is sure then.
  const forward = hasNaN || q < 0.5;
  let rank = (forward ? q : 1 - q) * total;
  let count = 0;
  let found: Bucket | undefined;
  for (const bucket of forward ? buckets : [...buckets].reverse()) {
    found = bucket;
    count += bucket.count;
    if (count >= rank) break;
  }
  // Nothing but NaN, or counts that contradict each other.
  if (found === undefined) return hasNaN ? Number.NaN : 0;
  let bucket = atZero(histogram, found);
  if (isCustom(histogram)) {
    if (bucket.lower === Number.NEGATIVE_INFINITY) {
      if (bucket.upper <= 0) return bucket.upper;
      bucket = { ...bucket, lower: 0 };
    }
    if (bucket.upper === Number.POSITIVE_INFINITY) return bucket.lower;
  }
  count = Math.min(count, total);
  // The rank lies among the observations that are in no bucket.
  if (count < rank) return hasNaN ? Number.NaN : bucket.upper;
  rank = forward ? rank - (count - bucket.count) : count - rank;
  return within(histogram, bucket, rank / bucket.count);
}

/** How many observations lie below a bound within a bucket. */
function below(histogram: FloatHistogram, bucket: Bucket, bound: number): number {
  const { lower, upper, count } = bucket;
  if (isCustom(histogram) || (lower <= 0 && upper >= 0)) return (count * (bound - lower)) / (upper - lower);
  const low = Math.log2(Math.abs(lower));
  const high = Math.log2(Math.abs(upper));
  const at = Math.log2(Math.abs(bound));
  return count * (bound > 0 ? (at - low) / (high - low) : 1 - (at - high) / (low - high));
}

/** The share of observations between two bounds; NaN without observations. Observations of NaN lie between none. */
export function nativeFraction(lower: number, upper: number, histogram: FloatHistogram): number {
  const total = histogram.count;
  if (total === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return Number.NaN;
  if (lower >= upper) return 0;
  const buckets = bucketsOf(histogram);
  const inBuckets = buckets.reduce((sum, { count }) => sum + count, 0);
  // Without NaN the count is the truth, even where rounding made the buckets add up to something else.
  const most = Number.isNaN(histogram.sum) ? inBuckets : total;
  const rankOf = (bound: number): number => {
    let rank = 0;
    for (const [index, found] of buckets.entries()) {
      let bucket = atZero(histogram, found);
      if (isCustom(histogram)) {
        // The lowest explicit bucket begins at zero when it ends above it.
        if (index === 0 && bucket.lower === Number.NEGATIVE_INFINITY && bucket.upper > 0)
          bucket = { ...bucket, lower: 0 };
        // Within a bucket without an end nothing can be told: everything in it lies at the end that it has.
        const inside = bucket.lower < bound && bucket.upper > bound;
        if (inside && bucket.lower === Number.NEGATIVE_INFINITY) return rank + bucket.count;
        if (inside && bucket.upper === Number.POSITIVE_INFINITY) return rank;
      }
      if (bucket.lower >= bound) return rank;
      if (bucket.upper > bound) return rank + below(histogram, bucket, bound);
      rank += bucket.count;
    }
    return most;
  };
  return (Math.min(rankOf(upper), most) - Math.min(rankOf(lower), most)) / total;
}
