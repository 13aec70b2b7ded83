/** Arithmetic of native histograms: what differs in resolution, zero threshold or bounds is brought to what both can say. */
import type { FloatHistogram, ResetHint } from "./float-histogram.ts";
import { type Counts, isCustom, negatives, pack, positives, upperBound } from "./histogram-buckets.ts";

/** A sum or difference, and what had to be done for it. */
export interface Combined {
  readonly histogram: FloatHistogram;
  /** One side says that its counter was reset, the other that it was not. */
  readonly collision: boolean;
  /** Explicit bounds differed, and only those that both have are left. */
  readonly reconciled: boolean;
}

/** A histogram with every count and the sum multiplied. What is negative is no counter any more. */
export function scaleHistogram(histogram: FloatHistogram, factor: number): FloatHistogram {
  const scaled = mapCounts(histogram, (count) => count * factor);
  return factor < 0 ? withHint(scaled, "gauge") : scaled;
}

/** A histogram with every count and the sum divided. Divided by zero it has no buckets: each would be infinite or NaN. */
export function divideHistogram(histogram: FloatHistogram, divisor: number): FloatHistogram {
  const divided = mapCounts(histogram, (count) => count / divisor);
  const hinted = divisor < 0 ? withHint(divided, "gauge") : divided;
  if (divisor !== 0) return hinted;
  return { ...hinted, positiveSpans: [], positiveBuckets: [], negativeSpans: [], negativeBuckets: [] };
}

/** A histogram with every count and the sum changed alike. */
function mapCounts(histogram: FloatHistogram, change: (count: number) => number): FloatHistogram {
  return {
    ...histogram,
    count: change(histogram.count),
    sum: change(histogram.sum),
    zeroCount: change(histogram.zeroCount),
    positiveBuckets: histogram.positiveBuckets.map(change),
    negativeBuckets: histogram.negativeBuckets.map(change),
  };
}

/** A histogram with another hint. */
export function withHint(histogram: FloatHistogram, resetHint: ResetHint): FloatHistogram {
  return histogram.resetHint === resetHint ? histogram : { ...histogram, resetHint };
}

/** How buckets are cut: what two histograms must agree on before they are added. */
export interface Layout {
  readonly schema: number;
  readonly threshold: number;
  /** Explicit bounds; empty with an exponential schema. */
  readonly bounds: readonly number[];
}

/** The layout that a histogram has. */
export function layoutOf({ schema, zeroThreshold, customValues }: FloatHistogram): Layout {
  return { schema, threshold: zeroThreshold, bounds: customValues };
}

/** The finest layout that both can be brought to; undefined when one has explicit bounds and the other has not. */
export function mergeLayouts(left: FloatHistogram, right: FloatHistogram) {
  if (isCustom(left) !== isCustom(right)) return undefined;
  const { bounds, reconciled } = commonBounds(left.customValues, right.customValues);
  const layout: Layout = {
    schema: Math.min(left.schema, right.schema),
    threshold: commonThreshold(left, right),
    bounds,
  };
  return { layout, reconciled };
}

/** The counts of a histogram in a layout that it can be brought to. */
export function layOut(histogram: FloatHistogram, layout: Layout) {
  if (!isCustom(histogram)) return reduce(histogram, layout.schema, layout.threshold);
  return {
    positive: rebound(histogram, layout.bounds),
    negative: negatives(histogram),
    zeroCount: histogram.zeroCount,
  };
}

/** `left + sign * right`; undefined when one has explicit bounds and the other has not. */
export function combineHistograms(left: FloatHistogram, right: FloatHistogram, sign: 1 | -1): Combined | undefined {
  // Buckets are taken apart and put together again: a merge of spans in place would be faster, and hard to be sure of.
  const merged = mergeLayouts(left, right);
  if (merged === undefined) return undefined;
  const { layout, reconciled } = merged;
  const hints = combineHints(left.resetHint, right.resetHint);
  const [a, b] = [layOut(left, layout), layOut(right, layout)];
  const positive = pack(add(a.positive, b.positive, sign));
  const negative = pack(add(a.negative, b.negative, sign));
  const histogram: FloatHistogram = {
    schema: layout.schema,
    resetHint: hints.hint,
    count: left.count + sign * right.count,
    sum: left.sum + sign * right.sum,
    zeroCount: a.zeroCount + sign * b.zeroCount,
    zeroThreshold: layout.threshold,
    positiveSpans: positive.spans,
    positiveBuckets: positive.buckets,
    negativeSpans: negative.spans,
    negativeBuckets: negative.buckets,
    customValues: layout.bounds,
  };
  return { histogram, collision: hints.collision, reconciled };
}

/** Counts by index, added or taken away. */
function add(left: Counts, right: Counts, sign: 1 | -1): Counts {
  const sum = new Map(left);
  for (const [index, count] of right) sum.set(index, (sum.get(index) ?? 0) + sign * count);
  return sum;
}

/** What a sum says of resets when its parts say this. */
export function combineHints(
  left: ResetHint,
  right: ResetHint,
): { readonly hint: ResetHint; readonly collision: boolean } {
  if (left === right) return { hint: left, collision: false };
  if (left === "gauge" || right === "gauge") return { hint: "gauge", collision: false };
  return { hint: "unknown", collision: left !== "unknown" && right !== "unknown" };
}

/** The bounds that both have. */
function commonBounds(left: readonly number[], right: readonly number[]) {
  if (left.length === right.length && left.every((bound, index) => bound === right[index]))
    return { bounds: left, reconciled: false };
  // Only a bound that both have divides the observations of both.
  const known = new Set(right);
  return { bounds: left.filter((bound) => known.has(bound)), reconciled: true };
}

/** Counts of explicit buckets over fewer bounds: each goes into the bucket that holds it. */
function rebound(histogram: FloatHistogram, bounds: readonly number[]): Counts {
  if (bounds === histogram.customValues) return positives(histogram);
  const counts: Counts = new Map();
  for (const [index, count] of positives(histogram)) {
    const upper = upperBound(histogram, index);
    // A bucket goes where its upper bound goes; what is beyond all bounds goes into the last one.
    const found = bounds.findIndex((bound) => bound >= upper);
    const target = found < 0 ? bounds.length : found;
    counts.set(target, (counts.get(target) ?? 0) + count);
  }
  return counts;
}

/** Counts at a lower resolution, with the buckets inside the zero threshold in the zero bucket. */
function reduce(histogram: FloatHistogram, schema: number, threshold: number) {
  // Each step down in resolution joins two neighbours; the upper bound of a bucket is that of its number, which is why
  // numbers are shifted from one below.
  let { zeroCount } = histogram;
  const shift = histogram.schema - schema;
  const side = (counts: Counts): Counts => {
    const reduced: Counts = new Map();
    for (const [index, count] of counts) {
      if (upperBound(histogram, index) <= threshold) {
        zeroCount += count;
        continue;
      }
      const target = shift === 0 ? index : ((index - 1) >> shift) + 1;
      reduced.set(target, (reduced.get(target) ?? 0) + count);
    }
    return reduced;
  };
  const positive = side(positives(histogram));
  const negative = side(negatives(histogram));
  return { positive, negative, zeroCount };
}

/** The smallest zero threshold that is at least both, and inside no bucket of either that has observations. */
function commonThreshold(left: FloatHistogram, right: FloatHistogram): number {
  let threshold = Math.max(left.zeroThreshold, right.zeroThreshold);
  if (left.zeroThreshold === right.zeroThreshold) return threshold;
  // One may push the threshold into a bucket of the other: until neither does.
  for (let before = Number.NaN; before !== threshold; ) {
    before = threshold;
    for (const histogram of [left, right])
      if (histogram.zeroThreshold < threshold) threshold = outsideBuckets(histogram, threshold);
  }
  return threshold;
}

/** The threshold, or the upper bound of the bucket with observations that it lies in. */
export function outsideBuckets(histogram: FloatHistogram, threshold: number): number {
  let outside = threshold;
  for (const counts of [positives(histogram), negatives(histogram)])
    for (const [index, count] of counts) {
      const upper = upperBound(histogram, index);
      if (count !== 0 && upperBound(histogram, index - 1) < outside && upper > outside) outside = upper;
    }
  return outside;
}

/** Whether two histograms say the same: totals, layout and every count; hints apart. NaN equals NaN in sums. */
export function equalHistograms(left: FloatHistogram, right: FloatHistogram): boolean {
  if (left.schema !== right.schema || left.count !== right.count || left.zeroCount !== right.zeroCount) return false;
  if (left.zeroThreshold !== right.zeroThreshold || !Object.is(left.sum + 0, right.sum + 0)) return false;
  if (isCustom(left) && commonBounds(left.customValues, right.customValues).reconciled) return false;
  return equalCounts(positives(left), positives(right)) && equalCounts(negatives(left), negatives(right));
}

/** Buckets that are empty may be there or not. */
function equalCounts(left: Counts, right: Counts): boolean {
  for (const index of new Set([...left.keys(), ...right.keys()]))
    if ((left.get(index) ?? 0) !== (right.get(index) ?? 0)) return false;
  return true;
}

/** Whether a counter was reset between `previous` and `current`: by what the hint says, else by any count that fell. */
export function wasReset(current: FloatHistogram, previous: FloatHistogram): boolean {
  if (current.resetHint === "reset") return true;
  if (current.resetHint === "not_reset") return false;
  if (current.count < previous.count || isCustom(current) !== isCustom(previous)) return true;
  if (isCustom(current)) {
    const { bounds } = commonBounds(current.customValues, previous.customValues);
    return fell(rebound(current, bounds), rebound(previous, bounds));
  }
  // A finer resolution or a narrower zero bucket cannot come from the same buckets.
  // Compared in the layout of the later one; whatever cannot be brought to it is of another life of the process.
  if (current.schema > previous.schema || current.zeroThreshold < previous.zeroThreshold) return true;
  if (outsideBuckets(previous, current.zeroThreshold) !== current.zeroThreshold) return true;
  const before = reduce(previous, current.schema, current.zeroThreshold);
  const now = reduce(current, current.schema, current.zeroThreshold);
  return now.zeroCount < before.zeroCount || fell(now.positive, before.positive) || fell(now.negative, before.negative);
}

/** Whether any count is lower than before; a bucket that is gone has a count of zero. */
function fell(now: Counts, before: Counts): boolean {
  for (const [index, count] of before) if ((now.get(index) ?? 0) < count) return true;
  return false;
}
