/** Sums and means of the native histograms in a range. */
import type { FloatHistogram } from "../float-histogram.ts";
import { type HistogramSum, meanOfHistograms, sumHistograms } from "../histogram-sum.ts";
import type { Window } from "../window.ts";
import { argument, type Report } from "./function-type.ts";

/** The sum or mean of the histograms of a window; undefined, with a warning, when they do not go together. */
export function histogramsOverTime(window: Window, report: Report, how: "sum" | "mean"): FloatHistogram | undefined {
  const samples = window.histograms.slice(window.histogramFrom, window.histogramTo);
  const result: HistogramSum = how === "sum" ? sumHistograms(samples) : meanOfHistograms(samples);
  const place = argument(report.expr, 0);
  if (result.unfit !== undefined) {
    const message = "vector contains a mix of histograms with exponential and custom buckets schemas for metric name";
    report.notes.warn(`${message} ${JSON.stringify(window.name)}`, place);
  }
  if (result.collision) report.notes.warn("conflicting counter resets during histogram aggregation", place);
  if (result.reconciled) report.notes.info("mismatched custom buckets were reconciled during aggregation", place);
  return result.histogram;
}
