/** Sums and means of the native histograms in a range. */
import type { FloatHistogram } from "../float-histogram.ts";
import { combineHistograms, divideHistogram } from "../histogram-arithmetic.ts";
import type { Window } from "../window.ts";
import { argument, type Report } from "./function-type.ts";

/** The sum of the histograms of a window; undefined, with a warning, when they do not fit together. */
export function sumOfHistograms(window: Window, report: Report): FloatHistogram | undefined {
  const samples = window.histograms.slice(window.histogramFrom, window.histogramTo);
  let [sum] = samples;
  let reconciled = false;
  const place = argument(report.expr, 0);
  for (const sample of samples.slice(1)) {
    const next = sum === undefined ? undefined : combineHistograms(sum, sample, 1);
    if (next === undefined) {
      const message = "vector contains a mix of histograms with exponential and custom buckets schemas for metric name";
      report.notes.warn(`${message} ${JSON.stringify(window.name)}`, place);
      return undefined;
    }
    reconciled ||= next.reconciled;
    sum = next.histogram;
  }
  const hints = new Set(samples.map(({ resetHint }) => resetHint));
  if (hints.has("reset") && hints.has("not_reset"))
    report.notes.warn("conflicting counter resets during histogram aggregation", place);
  if (reconciled) report.notes.info("mismatched custom buckets were reconciled during aggregation", place);
  return sum;
}

/** The mean of the histograms of a window; undefined as `sumOfHistograms`. */
export function meanOfHistograms(window: Window, report: Report): FloatHistogram | undefined {
  const sum = sumOfHistograms(window, report);
  return sum === undefined ? undefined : divideHistogram(sum, window.histogramCount);
}
