/** Native histograms as Prometheus shows them: `{count:4, sum:10, [-2,-1):2, [-0.001,0.001]:2, (1,2]:2}`. */
import type { FloatHistogram } from "./float-histogram.ts";
import { goNumber } from "./functions/over-time.ts";
import { isCustom, negatives, positiveBucket, positives } from "./histogram-buckets.ts";

/** The histogram with its populated buckets from the lowest to the highest. */
export function formatHistogram(histogram: FloatHistogram): string {
  const parts = [`count:${goNumber(histogram.count)}`, `sum:${goNumber(histogram.sum)}`];
  for (const [index, count] of [...negatives(histogram)].reverse()) {
    const { lower, upper } = positiveBucket(histogram, index, count);
    if (count !== 0) parts.push(`[${goNumber(-upper)},${goNumber(-lower)}):${goNumber(count)}`);
  }
  const { zeroThreshold, zeroCount } = histogram;
  if (zeroCount !== 0) parts.push(`[${goNumber(-zeroThreshold)},${goNumber(zeroThreshold)}]:${goNumber(zeroCount)}`);
  for (const [index, count] of positives(histogram)) {
    const { lower, upper } = positiveBucket(histogram, index, count);
    const closed = isCustom(histogram) && lower === Number.NEGATIVE_INFINITY ? "[" : "(";
    if (count !== 0) parts.push(`${closed}${goNumber(lower)},${goNumber(upper)}]:${goNumber(count)}`);
  }
  return `{${parts.join(", ")}}`;
}
