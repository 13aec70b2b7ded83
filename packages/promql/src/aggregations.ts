/** The aggregations that reduce a group to one value: what each keeps while it sees the group's samples. */
import type { AggregateExpr, AggregateOp } from "./expr.ts";
import type { FloatHistogram } from "./float-histogram.ts";
import type { CellValue } from "./functions/function-type.ts";
import { meanOfHistograms, sumHistograms } from "./histogram-sum.ts";
import { KahanSum, RunningMean } from "./kahan.ts";
import { labelValue, METRIC_NAME } from "./labels.ts";
import type { Notes } from "./notes.ts";
import { quantileOf } from "./quantile.ts";
import type { Labels } from "./queryable.ts";

/** Where an aggregation says what it notices. */
export interface AggregateReport {
  readonly notes: Notes;
  readonly expr: AggregateExpr;
}

/** The state of one group at one step. */
export interface Accumulator {
  add(value: number): void;
  addHistogram(histogram: FloatHistogram, labels: Labels): void;
  /** The group's value; undefined when it has none. */
  result(): CellValue;
}

/** Begins a group; `param` is the quantile, for the one that has it. */
type Create = (report: AggregateReport, param: number) => Accumulator;

/** An aggregation of numbers alone: histograms are left out, which is noted. */
function ofNumbers(create: (first: number, param: number) => { add(value: number): void; result(): number }): Create {
  return ({ notes, expr }, param) => {
    // Begun by the first number: a group of histograms alone has no result.
    let state: ReturnType<typeof create> | undefined;
    return {
      add(value) {
        if (state === undefined) state = create(value, param);
        else state.add(value);
      },
      addHistogram: () => notes.info(`ignored histogram in ${expr.op} aggregation`, expr.inner),
      result: () => state?.result(),
    };
  };
}

/** The extreme number; NaN only when there is nothing else. */
function extreme(wins: (value: number, best: number) => boolean): Create {
  return ofNumbers((first) => {
    let best = first;
    return {
      add(value) {
        if (wins(value, best) || Number.isNaN(best)) best = value;
      },
      result: () => best,
    };
  });
}

/** The population variance (Welford). */
function variance(finish: (variance: number) => number): Create {
  return ofNumbers((first) => {
    // One pass over the group: the mean is kept up to date, and the squares of distances with it.
    let count = 1;
    let mean = first;
    // A single infinity already has no finite distance from anything.
    let squares = Number.isFinite(first) ? 0 : Number.NaN;
    return {
      add(value) {
        count++;
        const delta = value - mean;
        mean += delta / count;
        squares += delta * (value - mean);
      },
      result: () => finish(squares / count),
    };
  });
}

/** The sum or mean of a group's histograms; undefined, with a warning, when they do not go together. */
function ofHistograms(
  histograms: readonly FloatHistogram[],
  names: readonly string[],
  mean: boolean,
  { notes, expr }: AggregateReport,
): FloatHistogram | undefined {
  const result = mean ? meanOfHistograms(histograms) : sumHistograms(histograms);
  if (result.unfit !== undefined) {
    const message = "vector contains a mix of histograms with exponential and custom buckets schemas for metric name";
    notes.warn(`${message} ${JSON.stringify(names[result.unfit])}`, expr.inner);
  }
  if (result.collision) notes.warn("conflicting counter resets during histogram aggregation", expr.inner);
  if (result.reconciled) notes.info("mismatched custom buckets were reconciled during aggregation", expr.inner);
  return result.histogram;
}

/** An aggregation that adds up, numbers or histograms; a mix of both has no result, which is warned of. */
function adding(create: (first: number) => { add(value: number): void; result(): number }, mean: boolean): Create {
  return (report) => {
    let numbers: ReturnType<typeof create> | undefined;
    // Kept, not added up at once: the mean of very large ones needs them again, and which of them does not go with the
    // others is only known with all at hand.
    const histograms: FloatHistogram[] = [];
    const names: string[] = [];
    return {
      add(value) {
        if (numbers === undefined) numbers = create(value);
        else numbers.add(value);
      },
      addHistogram(histogram, labels) {
        histograms.push(histogram);
        names.push(labelValue(labels, METRIC_NAME));
      },
      result() {
        if (histograms.length === 0) return numbers?.result();
        if (numbers === undefined) return ofHistograms(histograms, names, mean, report);
        report.notes.warn("encountered a mix of histograms and floats for aggregation", report.expr.inner);
        return undefined;
      },
    };
  };
}

/** Counts samples of either kind. */
function counting(result: (count: number) => number): Create {
  return () => {
    let count = 0;
    return {
      add: () => void count++,
      addHistogram: () => void count++,
      result: () => result(count),
    };
  };
}

/** How each aggregation begins a group; those that pick series are in pick-rows.ts. */
export const aggregations: Readonly<Partial<Record<AggregateOp, Create>>> = {
  // Compensated sums: a sum over thousands of series would otherwise depend on their order.
  sum: adding((first) => {
    const sum = new KahanSum(first);
    return { add: (value) => sum.add(value), result: () => sum.total };
  }, false),
  avg: adding((first) => {
    const mean = new RunningMean(first);
    return { add: (value) => mean.add(value), result: () => mean.mean };
  }, true),
  count: counting((count) => count),
  group: counting(() => 1),
  min: extreme((value, best) => value < best),
  max: extreme((value, best) => value > best),
  stdvar: variance((value) => value),
  stddev: variance(Math.sqrt),
  quantile: ofNumbers((first, q) => {
    // All values must be kept for a quantile; the budget has counted them when they were selected.
    const values = [first];
    return { add: (value) => void values.push(value), result: () => quantileOf(q, Float64Array.from(values)) };
  }),
};
