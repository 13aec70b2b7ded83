/**
 * Says of native histograms whether their counter was reset, where the storage left it open. Only done for what is asked for
 * counts and sums alone: there the buckets are gone in Prometheus before a reset could be seen in them.
 */
import type { FloatHistogram } from "./float-histogram.ts";
import { wasReset, withHint } from "./histogram-arithmetic.ts";
import type { SampleSeries } from "./queryable.ts";

/** The series with a hint in every histogram but a first one. */
export function withResetHints(series: SampleSeries): SampleSeries {
  const { histograms } = series;
  if (histograms === undefined) return series;
  let before: FloatHistogram | undefined;
  const hinted = histograms.map((histogram) => {
    if (histogram === undefined) return undefined;
    const previous = before;
    before = histogram;
    if (histogram.resetHint !== "unknown" || previous === undefined) return histogram;
    return withHint(histogram, wasReset(histogram, previous) ? "reset" : "not_reset");
  });
  return { ...series, histograms: hinted };
}
