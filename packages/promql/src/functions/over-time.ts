/** Functions that reduce the samples of a range to one value: `*_over_time`. */
import { KahanSum, RunningMean } from "../kahan.ts";
import { quantileOf } from "../quantile.ts";
import type { Window } from "../window.ts";
import { argument, type CellValue, type PromqlFunction, type Report } from "./function-type.ts";
import { histogramsOverTime } from "./histogram-over-time.ts";

/** An entry of the table for a function of nothing but a range. */
function overTime(
  name: string,
  doc: string,
  apply: (window: Window, report: Report, params: readonly number[]) => CellValue,
  more: { experimental?: boolean; keepsName?: boolean } = {},
): PromqlFunction {
  const { keepsName, ...rest } = more;
  return {
    name,
    doc,
    args: ["matrix"],
    result: "vector",
    ...rest,
    run: {
      kind: "window",
      ...(keepsName === undefined ? {} : { keepsName }),
      apply: (window, params, report) => apply(window, report, params),
    },
  };
}

/** Whether a range has numbers; histograms among them are left out, which is noted. */
export function hasFloats(window: Window, report: Report, rangeArg = 0): boolean {
  if (window.floats === 0) return false;
  if (window.histogramCount > 0) noteIgnored(window, report, rangeArg);
  return true;
}

/** Notes that the histograms of a range were left out. */
export function noteIgnored(window: Window, { notes, expr }: Report, rangeArg = 0): void {
  const message = "ignored histograms in a range containing both floats and histograms for metric name";
  notes.info(`${message} ${JSON.stringify(window.name)}`, argument(expr, rangeArg));
}

/** Whether a range is of one kind; a mix of numbers and histograms is warned of. */
function isUniform(window: Window, { notes, expr }: Report): boolean {
  if (window.floats === 0 || window.histogramCount === 0) return true;
  // Neither the sum of the numbers nor that of the histograms would be that of the metric.
  const message = "encountered a mix of histograms and floats for metric name";
  notes.warn(`${message} ${JSON.stringify(window.name)}`, argument(expr, 0));
  return false;
}

/** The index of the number that wins every comparison; NaN loses to any number. */
function extreme(window: Window, wins: (value: number, best: number) => boolean): number {
  // Starts with the first number whatever it is, so that a range of NaN alone yields NaN.
  let best = window.from;
  for (let index = best + 1; index < window.to; index++) {
    const held = window.value(best);
    if (wins(window.value(index), held) || Number.isNaN(held)) best = index;
  }
  return best;
}

/** The extreme number of a range, or when it was seen. */
function extremeOverTime(
  name: string,
  doc: string,
  wins: (value: number, best: number) => boolean,
  time: boolean,
): PromqlFunction {
  return overTime(
    name,
    doc,
    (window, report) => {
      if (!hasFloats(window, report)) return undefined;
      const index = extreme(window, wins);
      return time ? window.time(index) / 1000 : window.value(index);
    },
    time ? { experimental: true } : {},
  );
}

/** The population variance of the numbers of a range (Welford, with compensation). */
function variance(window: Window): number {
  // Two running values, each compensated: the squares of large numbers leave little room for their differences.
  const mean = new KahanSum();
  const aux = new KahanSum();
  let count = 0;
  for (let index = window.from; index < window.to; index++) {
    const value = window.value(index);
    count++;
    const delta = value - mean.total;
    mean.add(delta / count);
    aux.add(delta * (value - mean.total));
  }
  return aux.total / count;
}

/** The sum of the numbers of a range; what is infinite has no rounding to make up for. */
function sum(window: Window): number {
  const sum = new KahanSum();
  for (let index = window.from; index < window.to; index++) sum.add(window.value(index));
  return Number.isFinite(sum.sum) ? sum.total : sum.sum;
}

/** The mean of the numbers of a range. */
function mean(window: Window): number {
  const mean = new RunningMean(window.value(window.from));
  for (let index = window.from + 1; index < window.to; index++) mean.add(window.value(index));
  return mean.mean;
}

/** The first or last sample of a range, of either kind; of two at one time the histogram. */
function atEnd(window: Window, first: boolean): { readonly time: number; readonly value: CellValue } | undefined {
  const float = first ? window.from : window.to - 1;
  const histogram = first ? window.histogramFrom : window.histogramTo - 1;
  const floatTime = window.floats === 0 ? undefined : window.time(float);
  const histogramTime = window.histogramCount === 0 ? undefined : (window.histogramTimes[histogram] ?? 0);
  if (histogramTime === undefined && floatTime === undefined) return undefined;
  // In a series that changed its kind, the two ends may be of different kinds.
  const takeFloat =
    histogramTime === undefined ||
    (floatTime !== undefined && (first ? floatTime < histogramTime : floatTime > histogramTime));
  return takeFloat
    ? { time: floatTime ?? 0, value: window.value(float) }
    : { time: histogramTime, value: window.histograms[histogram] };
}

/** The median of the distances from the median. */
function deviation(window: Window): number {
  const values = window.values.slice(window.from, window.to);
  // A quantile would take NaN for the smallest value; here it makes the result unknown.
  if (values.some(Number.isNaN)) return Number.NaN;
  const median = quantileOf(0.5, values.slice());
  return quantileOf(
    0.5,
    values.map((value) => Math.abs(value - median)),
  );
}

/** Functions `*_over_time`. */
export const OVER_TIME_FUNCTIONS: readonly PromqlFunction[] = [
  overTime("avg_over_time", "The mean of the samples.", (window, report) =>
    isUniform(window, report)
      ? window.floats > 0
        ? mean(window)
        : histogramsOverTime(window, report, "mean")
      : undefined,
  ),
  overTime("sum_over_time", "The sum of the samples.", (window, report) =>
    isUniform(window, report)
      ? window.floats > 0
        ? sum(window)
        : histogramsOverTime(window, report, "sum")
      : undefined,
  ),
  overTime("count_over_time", "How many samples there are.", (window) => window.floats + window.histogramCount),
  // Only called for ranges that have a sample.
  overTime("present_over_time", "1 where there is any sample.", () => 1),
  overTime("last_over_time", "The last sample.", (window) => atEnd(window, false)?.value, { keepsName: true }),
  overTime("first_over_time", "The first sample.", (window) => atEnd(window, true)?.value, { keepsName: true }),
  overTime("ts_of_last_over_time", "The time of the last sample, seconds.", (window) => seconds(window, false), {
    experimental: true,
  }),
  overTime("ts_of_first_over_time", "The time of the first sample, seconds.", (window) => seconds(window, true), {
    experimental: true,
  }),
  extremeOverTime("max_over_time", "The largest number.", (value, best) => value > best, false),
  extremeOverTime("min_over_time", "The smallest number.", (value, best) => value < best, false),
  extremeOverTime(
    "ts_of_max_over_time",
    "When the largest number was last seen, seconds.",
    (a, best) => a >= best,
    true,
  ),
  extremeOverTime(
    "ts_of_min_over_time",
    "When the smallest number was last seen, seconds.",
    (a, best) => a <= best,
    true,
  ),
  overTime("stdvar_over_time", "The variance of the numbers.", (window, report) =>
    hasFloats(window, report) ? variance(window) : undefined,
  ),
  overTime("stddev_over_time", "The standard deviation of the numbers.", (window, report) =>
    hasFloats(window, report) ? Math.sqrt(variance(window)) : undefined,
  ),
  overTime(
    "mad_over_time",
    "The median absolute deviation of the numbers.",
    (window, report) => (hasFloats(window, report) ? deviation(window) : undefined),
    { experimental: true },
  ),
  {
    name: "quantile_over_time",
    doc: "A quantile of the numbers.",
    args: ["scalar", "matrix"],
    result: "vector",
    run: {
      kind: "window",
      apply(window, [q = Number.NaN], report) {
        // The note is about the metric, but Prometheus places it at the quantile.
        if (!hasFloats(window, report, 0)) return undefined;
        warnOfQuantile(q, report, 0);
        return quantileOf(q, window.values.slice(window.from, window.to));
      },
    },
  },
];

/** The time of the first or last sample in seconds. */
function seconds(window: Window, first: boolean): number | undefined {
  const sample = atEnd(window, first);
  return sample === undefined ? undefined : sample.time / 1000;
}

/** Warns of a quantile outside [0, 1], which argument `index` is. */
export function warnOfQuantile(q: number, { notes, expr }: Report, index: number): void {
  if (!(q >= 0 && q <= 1))
    notes.warn(`quantile value should be between 0 and 1, got ${goNumber(q)}`, argument(expr, index));
}

/** A number as Go's `%g` writes it. */
export function goNumber(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  return String(value).replace(/e([+-])(\d)$/, "e$10$2");
}
