/** Functions that fit a line or a trend to the numbers of a range. */
import { KahanSum } from "../kahan.ts";
import { PromqlError } from "../promql-error.ts";
import type { Window } from "../window.ts";
import type { PromqlFunction, Report } from "./function-type.ts";
import { noteIgnored } from "./over-time.ts";

/** Whether a range has two numbers at least; histograms among them are left out, which is noted. */
function hasTwo(window: Window, report: Report): boolean {
  if (window.floats > 0 && window.histogramCount > 0) noteIgnored(window, report);
  return window.floats >= 2;
}

/** The line of least squares through the numbers: its slope per second, and its value at a time in milliseconds. */
function fitLine(window: Window, atMs: number): { readonly slope: number; readonly intercept: number } {
  // Times are taken relative to `atMs`, in seconds: squares of whole epochs would leave no digits for the rest.
  const sumX = new KahanSum();
  const sumY = new KahanSum();
  const sumXY = new KahanSum();
  const sumX2 = new KahanSum();
  const first = window.value(window.from);
  let constant = true;
  for (let index = window.from; index < window.to; index++) {
    const y = window.value(index);
    if (y !== first) constant = false;
    const x = (window.time(index) - atMs) / 1000;
    sumX.add(x);
    sumY.add(y);
    sumXY.add(x * y);
    sumX2.add(x * x);
  }
  // A constant has no slope but the roundings of the sums; an infinite one has no line at all.
  if (constant)
    return Number.isFinite(first) ? { slope: 0, intercept: first } : { slope: Number.NaN, intercept: Number.NaN };
  const n = window.floats;
  const covariance = sumXY.total - (sumX.total * sumY.total) / n;
  const spread = sumX2.total - (sumX.total * sumX.total) / n;
  const slope = covariance / spread;
  return { slope, intercept: sumY.total / n - (slope * sumX.total) / n };
}

/** Smoothed over the numbers, and over their trend; both factors lie between 0 and 1. */
function smooth(window: Window, smoothing: number, trending: number): number {
  // Level and trend, each a moving average: the trend of what the level did, the level of values and trend.
  let before = 0;
  let level = window.value(window.from);
  let trend = window.value(window.from + 1) - level;
  for (let index = window.from + 1; index < window.to; index++) {
    // The first trend is that of the first two samples; it has nothing before it to be smoothed with.
    if (index > window.from + 1) trend = trending * (level - before) + (1 - trending) * trend;
    const next = smoothing * window.value(index) + (1 - smoothing) * (level + trend);
    before = level;
    level = next;
  }
  return level;
}

/** Refuses a factor outside of (0, 1), worded as Prometheus does. */
function checkFactor(name: string, value: number): void {
  if (!(value > 0 && value < 1))
    throw new PromqlError(
      "execution",
      `invalid ${name} factor. Expected: 0 < ${name[0]}f < 1, got: ${value.toFixed(6)}`,
    );
}

/** Functions of trends. */
export const REGRESSION_FUNCTIONS: readonly PromqlFunction[] = [
  {
    name: "deriv",
    doc: "How fast a gauge moved per second, by linear regression.",
    args: ["matrix"],
    result: "vector",
    run: {
      kind: "window",
      apply: (window, _params, report) =>
        // Near the samples, or their times would swamp their differences.
        hasTwo(window, report) ? fitLine(window, window.time(window.from)).slope : undefined,
    },
  },
  {
    name: "predict_linear",
    doc: "What a gauge will be in so many seconds, by linear regression.",
    args: ["matrix", "scalar"],
    result: "vector",
    run: {
      kind: "window",
      apply(window, [ahead = 0], report) {
        if (!hasTwo(window, report)) return undefined;
        const { slope, intercept } = fitLine(window, window.at);
        return slope * ahead + intercept;
      },
    },
  },
  {
    name: "double_exponential_smoothing",
    doc: "The numbers smoothed with their trend; the factors are for values and for the trend.",
    args: ["matrix", "scalar", "scalar"],
    result: "vector",
    experimental: true,
    run: {
      kind: "window",
      apply(window, [smoothing = 0, trending = 0], report) {
        checkFactor("smoothing", smoothing);
        checkFactor("trend", trending);
        return hasTwo(window, report) ? smooth(window, smoothing, trending) : undefined;
      },
    },
  },
];
