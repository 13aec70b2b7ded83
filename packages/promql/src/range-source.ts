/** Where the samples of a range come from: a selector's series, or a subquery's steps. */
import { rangeMs } from "./duration-value.ts";
import { type Evaluator, vectorOf } from "./evaluator.ts";
import type { Expr, SubqueryExpr, VectorSelector } from "./expr.ts";
import type { FloatHistogram } from "./float-histogram.ts";
import { Cell, type Frame } from "./frame.ts";
import { type Grid, gridOver, timeAt } from "./grid.ts";
import { withHint } from "./histogram-arithmetic.ts";
import { readTime } from "./instant-selector.ts";
import { type RangeSamples, rangeSamples } from "./window.ts";

/** The series of a range, and where it ends at every step. */
export interface RangeSource {
  readonly series: readonly RangeSamples[];
  /** Whether the metrics' names go at the end, by series. */
  readonly dropName: readonly boolean[];
  readonly rangeMs: number;
  readonly extended: VectorSelector["extended"];
  endAt(step: number): number;
}

/** The range that an argument of type matrix is. */
export function rangeSource(evaluator: Evaluator, expr: Expr, grid: Grid): RangeSource {
  if (expr.kind === "paren") return rangeSource(evaluator, expr.inner, grid);
  if (expr.kind === "subquery") return ofSubquery(evaluator, expr, grid);
  if (expr.kind !== "range") throw new TypeError(`${expr.kind} is no range`);
  const { selector } = expr;
  // Names stay: whether they go is the function's affair.
  const series = evaluator.seriesOf(selector).map(rangeSamples);
  return {
    series,
    dropName: series.map(() => false),
    rangeMs: rangeMs(expr.range, evaluator.durations),
    extended: selector.extended,
    endAt: readTime(evaluator, selector, grid),
  };
}

/** The steps that a subquery evaluates its expression at for all steps of the grid: multiples of its own step. */
export function subqueryGrid(evaluator: Evaluator, expr: SubqueryExpr, grid: Grid): Grid {
  const stepMs = expr.step === undefined ? evaluator.subqueryStepMs : rangeMs(expr.step, evaluator.durations);
  // All steps of the outer grid share the inner ones: what one step reads, its neighbour mostly reads too.
  const endAt = readTime(evaluator, expr, grid);
  const after = endAt(0) - rangeMs(expr.range, evaluator.durations);
  // The first multiple that is later: ranges are open at their start.
  const from = (Math.floor(after / stepMs) + 1) * stepMs;
  return gridOver(from, endAt(grid.steps - 1), stepMs);
}

/** The steps of a subquery as samples. */
function ofSubquery(evaluator: Evaluator, expr: SubqueryExpr, grid: Grid): RangeSource {
  const inner = subqueryGrid(evaluator, expr, grid);
  const frame = vectorOf(evaluator, expr.inner, inner);
  return {
    series: frame.labels.map((_, row) => rowSamples(frame, row, inner)),
    dropName: frame.dropName,
    rangeMs: rangeMs(expr.range, evaluator.durations),
    extended: undefined,
    endAt: readTime(evaluator, expr, grid),
  };
}

/** A row of a frame as samples at the steps of its grid. */
function rowSamples(frame: Frame, row: number, grid: Grid): RangeSamples {
  const floats: number[] = [];
  const histograms: FloatHistogram[] = [];
  const histogramTimes: number[] = [];
  for (let step = 0; step < frame.steps; step++) {
    const index = row * frame.steps + step;
    const kind = frame.kind(index);
    if (kind === Cell.float) floats.push(step);
    const histogram = frame.histogram(index);
    if (histogram === undefined) continue;
    // What a histogram says of resets before it is about its neighbour in the series, not about the one of the last step.
    histograms.push(histogram.resetHint === "gauge" ? histogram : withHint(histogram, "unknown"));
    histogramTimes.push(timeAt(grid, step));
  }
  return {
    labels: frame.labels[row] ?? [],
    times: Float64Array.from(floats, (step) => timeAt(grid, step)),
    values: Float64Array.from(floats, (step) => frame.value(row * frame.steps + step)),
    // What a step shows may be any sample before it: when that began means nothing for the step.
    startTimes: undefined,
    histogramTimes: Float64Array.from(histogramTimes),
    histograms,
  };
}
