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

/** How many observations of a bucket stay, and where those that go were in the mean. */
interface Share {
  readonly kept: number;
  readonly middle: number;
}

/** The histogram without its observations above `bound` (`upper`), or below it. The sum is estimated from the buckets. */
export function trimHistogram(histogram: FloatHistogram, bound: number, upper: boolean): FloatHistogram {
  const custom = isCustom(histogram);
  let removed = 0;
  let count = 0;
  let above = false;
  let below = false;
  const side = (counts: Counts, sign: 1 | -1): Counts => {
    const kept: Counts = new Map();
    for (const [index, total] of counts) {
      if (total === 0) continue;
      const mirrored = positiveBucket(histogram, index, total);
      const bucket = sign > 0 ? mirrored : { lower: -mirrored.upper, upper: -mirrored.lower, count: total };
      above ||= bucket.upper > 0;
      below ||= bucket.lower < 0 && (!custom || bucket.upper <= 0 || Number.isFinite(bucket.lower));
      const share = split(bucket, bound, upper, custom);
      removed += (total - share.kept) * share.middle;
      count += share.kept;
      kept.set(index, share.kept);
    }
    return kept;
  };
  const positive = pack(side(positives(histogram), 1));
  const negative = pack(side(negatives(histogram), -1));
  const zero = zeroBucket(histogram);
  const underBound = linear(zero, bound);
  const zeroCount = zero.count > 0 ? (upper ? underBound : zero.count - underBound) : zero.count;
  if (zero.count > 0) count += zeroCount;
  let sum = count === 0 ? 0 : histogram.sum - removed;
  if ((!below && sum < 0) || (!above && sum > 0)) sum = 0;
  return {
    ...histogram,
    count,
    sum,
    zeroCount,
    positiveSpans: positive.spans,
    positiveBuckets: positive.buckets,
    negativeSpans: negative.spans,
    negativeBuckets: negative.buckets,
  };
}

/** How many observations of a bucket lie below a bound, if they are spread evenly. */
function linear({ lower, upper, count }: Bucket, bound: number): number {
  if (bound <= lower) return 0;
  return bound >= upper ? count : (count * (bound - lower)) / (upper - lower);
}

/** The mean place between two bounds of a bucket: arithmetic where it is explicit, geometric where it is exponential. */
function middleOf(lower: number, upper: number, custom: boolean): number {
  if (custom) return (lower + upper) / 2;
  const geometric = Math.sqrt(Math.abs(lower) * Math.abs(upper));
  return upper <= 0 ? -geometric : geometric;
}

function split(bucket: Bucket, bound: number, keepBelow: boolean, custom: boolean): Share {
  const { lower, upper, count } = bucket;
  if (keepBelow ? upper <= bound : lower >= bound) return { kept: count, middle: 0 };
  if (!Number.isFinite(lower) || !Number.isFinite(upper)) return splitOpen(bucket, bound, keepBelow);
  if (keepBelow ? lower >= bound : upper <= bound) return { kept: 0, middle: middleOf(lower, upper, custom) };
  const under = custom ? linear(bucket, bound) : exponential(bucket, bound);
  return keepBelow
    ? { kept: under, middle: custom ? middleOf(lower, upper, true) : middleOf(bound, upper, false) }
    : { kept: count - under, middle: custom ? middleOf(lower, upper, true) : middleOf(lower, bound, false) };
}

function exponential({ lower, upper, count }: Bucket, bound: number): number {
  const low = Math.log2(Math.abs(lower));
  const high = Math.log2(Math.abs(upper));
  const at = Math.log2(Math.abs(bound));
  return count * (lower >= 0 ? (at - low) / (high - low) : 1 - (at - high) / (low - high));
}

/** A bucket without an end on one side: nothing is known within it, but that a positive one begins at zero. */
function splitOpen({ lower, upper, count }: Bucket, bound: number, keepBelow: boolean): Share {
  if (lower === Number.NEGATIVE_INFINITY) {
    if (bound >= 0 && upper > bound && Number.isFinite(upper))
      return keepBelow
        ? { kept: (count * bound) / upper, middle: (bound + upper) / 2 }
        : { kept: count * (1 - bound / upper), middle: bound / 2 };
    return { kept: 0, middle: upper };
  }
  return { kept: 0, middle: lower };
}
