/** How native histograms move within a range: the counterpart of what counters.ts does with numbers. */
import type { FloatHistogram } from "../float-histogram.ts";
import { combineHistograms, divideHistogram, equalHistograms, wasReset, withHint } from "../histogram-arithmetic.ts";
import { isCustom } from "../histogram-buckets.ts";
import type { Window } from "../window.ts";
import { argument, type Report } from "./function-type.ts";

/** Whether the counter was reset before `current`. */
export function isReset(current: FloatHistogram, previous: FloatHistogram): boolean {
  return wasReset(current, previous);
}

/** Whether two histograms differ. */
export function histogramsDiffer(before: FloatHistogram, after: FloatHistogram): boolean {
  return !equalHistograms(before, after);
}

/** A warning about the metric of a window, at the range. */
function warn(window: Window, report: Report, message: string): void {
  report.notes.warn(`${message} ${JSON.stringify(window.name)}`, argument(report.expr, 0));
}

const MIXED_SCHEMAS = "vector contains a mix of histograms with exponential and custom buckets schemas for metric name";
const NOT_COUNTER = "this native histogram metric is not a counter:";
const NOT_GAUGE = "this native histogram metric is not a gauge:";

/** Notes that bounds were reconciled. */
function noteReconciled({ notes, expr }: Report, operation: "addition" | "subtraction"): void {
  notes.info(`mismatched custom buckets were reconciled during ${operation}`, argument(expr, 0));
}

/** How much the histograms of a window rose; undefined, with a warning, when they do not fit together. */
export function histogramDelta(window: Window, report: Report, counter: boolean): FloatHistogram | undefined {
  const samples = window.histograms.slice(window.histogramFrom, window.histogramTo);
  const [head, second] = samples;
  const last = samples.at(-1);
  if (head === undefined || second === undefined || last === undefined) return undefined;
  let first: FloatHistogram = head;
  if (counter && samples.some(({ resetHint }) => resetHint === "gauge")) warn(window, report, NOT_COUNTER);
  // A reset right after the first sample makes it irrelevant: taken for nothing, its layout cannot spoil that of the
  // others.
  if (counter && wasReset(second, first)) first = emptyLike(second);
  const custom = isCustom(first);
  // Between the ends, a gauge may look as it likes; a counter is followed through all of them.
  const middle = counter ? samples.slice(1) : [last];
  if (middle.some((one) => isCustom(one) !== custom)) {
    warn(window, report, MIXED_SCHEMAS);
    return undefined;
  }
  const difference = combineHistograms(last, first, -1);
  if (difference === undefined) return undefined;
  if (difference.reconciled) noteReconciled(report, "subtraction");
  let delta = difference.histogram;
  if (counter) {
    let previous = first;
    for (const sample of samples.slice(1)) {
      // What was counted before a reset is added, bucket by bucket.
      if (wasReset(sample, previous)) {
        const sum = combineHistograms(delta, previous, 1);
        if (sum?.reconciled) noteReconciled(report, "addition");
        delta = sum?.histogram ?? delta;
      }
      previous = sample;
    }
    // A coarser sample in between limits what is known of all.
    const schema = Math.min(...samples.slice(1).map((one) => one.schema), first.schema);
    if (schema < delta.schema) delta = combineHistograms(delta, { ...emptyLike(delta), schema }, 1)?.histogram ?? delta;
  } else if (head.resetHint !== "gauge" || last.resetHint !== "gauge") warn(window, report, NOT_GAUGE);
  return withHint(delta, "gauge");
}

/** A histogram of the same layout without observations. */
function emptyLike(histogram: FloatHistogram): FloatHistogram {
  return {
    ...histogram,
    resetHint: "unknown",
    count: 0,
    sum: 0,
    zeroCount: 0,
    zeroThreshold: 0,
    positiveSpans: [],
    positiveBuckets: [],
    negativeSpans: [],
    negativeBuckets: [],
  };
}

/** The difference of the last two samples of a window, per second of a counter. One of them is a histogram at least. */
export function instantHistogramDelta(window: Window, report: Report, counter: boolean): FloatHistogram | undefined {
  const last = window.histograms[window.histogramTo - 1];
  const previous = window.histograms[window.histogramTo - 2];
  const lastTime = window.histogramTimes[window.histogramTo - 1] ?? 0;
  const previousTime = window.histogramTimes[window.histogramTo - 2] ?? 0;
  const floatTime = window.floats > 0 ? window.time(window.to - 1) : Number.NEGATIVE_INFINITY;
  // Both of the last two samples must be histograms, with no number between or behind them.
  const both = last !== undefined && previous !== undefined && window.histogramCount > 1 && floatTime < previousTime;
  if (!both) {
    warn(window, report, "encountered a mix of histograms and floats for metric name");
    return undefined;
  }
  // The hint says what the metric was meant to be; the result is given all the same.
  const gauges = [last, previous].filter(({ resetHint }) => resetHint === "gauge").length;
  if (counter && gauges > 0) warn(window, report, NOT_COUNTER);
  if (!counter && gauges < 2) warn(window, report, NOT_GAUGE);
  let delta = last;
  if (!counter || !wasReset(last, previous)) {
    const difference = combineHistograms(last, previous, -1);
    if (difference === undefined) {
      warn(window, report, MIXED_SCHEMAS);
      return undefined;
    }
    if (difference.reconciled) noteReconciled(report, "subtraction");
    delta = difference.histogram;
  }
  const gauge = withHint(delta, "gauge");
  return counter ? divideHistogram(gauge, (lastTime - previousTime) / 1000) : gauge;
}
