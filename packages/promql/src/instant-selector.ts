/** Instant selectors: at every step the newest sample of each series that is not too old, unless the series has ended. */
import { durationMs } from "./duration-value.ts";
import { type Evaluator, newFrame } from "./evaluator.ts";
import type { VectorSelector } from "./expr.ts";
import type { Frame } from "./frame.ts";
import { interpolate } from "./functions/extended-range.ts";
import { type Grid, timeAt } from "./grid.ts";
import { PromqlError } from "./promql-error.ts";
import type { SampleSeries } from "./queryable.ts";
import { atTime } from "./selector-spans.ts";
import { isStale } from "./stale-nan.ts";
import { rangeSamples, Window } from "./window.ts";

/** The time that a selector reads at a step: the step's, or that of its `@`, less its offset. */
export function readTime(
  evaluator: Evaluator,
  node: Pick<VectorSelector, "at" | "offset">,
  grid: Grid,
): (step: number) => number {
  const offset = node.offset === undefined ? 0 : durationMs(node.offset, evaluator.durations);
  if (node.at === undefined) return (step) => timeAt(grid, step) - offset;
  const fixed = atTime(node.at, evaluator.times) - offset;
  return () => fixed;
}

/** Evaluates a selector; `times` asks for the samples' times in milliseconds instead of their values. */
export function selectInstant(evaluator: Evaluator, selector: VectorSelector, grid: Grid, times = false): Frame {
  // Times of samples that are made up of two others would mean nothing.
  if (selector.extended === "smoothed" && !times) return selectSmoothed(evaluator, selector, grid);
  // Series without a sample at any step get no row.
  const series = evaluator.seriesOf(selector);
  const out = newFrame(evaluator, grid, series.length);
  const timeOf = readTime(evaluator, selector, grid);
  for (const one of series) {
    const start = out.addRow(one.labels, false);
    if (!fill(out, start, one, grid.steps, timeOf, evaluator.lookbackMs, times)) out.removeLastRow();
  }
  return out;
}

/** Fills a row; false when it stays empty. */
function fill(
  out: Frame,
  start: number,
  { times, values, histograms }: SampleSeries,
  steps: number,
  timeOf: (step: number) => number,
  lookbackMs: number,
  wantTimes: boolean,
): boolean {
  let found = false;
  let next = 0;
  for (let step = 0; step < steps; step++) {
    const at = timeOf(step);
    // Steps ascend, so the sample is never before the one found last.
    while (next < times.length && (times[next] ?? 0) <= at) next++;
    const index = next - 1;
    const time = times[index];
    // Open at the old end, as ranges are.
    if (time === undefined || time <= at - lookbackMs) continue;
    const histogram = histograms?.[index];
    const value = values[index] ?? Number.NaN;
    // A histogram's marker is in its sum.
    if (isStale(histogram === undefined ? value : histogram.sum)) continue;
    found = true;
    if (wantTimes) out.setFloat(start + step, time);
    else if (histogram === undefined) out.setFloat(start + step, value);
    else out.setHistogram(start + step, histogram);
  }
  return found;
}

/** Between the samples around a step their line; after the last one its value. */
function selectSmoothed(evaluator: Evaluator, selector: VectorSelector, grid: Grid): Frame {
  const series = evaluator.seriesOf(selector);
  const out = newFrame(evaluator, grid, series.length);
  const timeOf = readTime(evaluator, selector, grid);
  const window = new Window();
  for (const one of series) {
    window.enter(rangeSamples(one));
    const start = out.addRow(one.labels, false);
    for (let step = 0; step < grid.steps; step++) {
      const at = timeOf(step);
      // As far ahead as back: a sample that old would count, so one that far away may too.
      window.slide(at - evaluator.lookbackMs, at + evaluator.lookbackMs);
      if (window.histogramCount > 0)
        throw new PromqlError("execution", "smoothed and anchored modifiers do not work with native histograms");
      let index = window.from;
      while (index < window.to && window.time(index) < at) index++;
      if (index < window.to && window.time(index) === at) out.setFloat(start + step, window.value(index));
      else if (index > window.from)
        out.setFloat(
          start + step,
          index < window.to ? interpolate(window, index - 1, at, false) : window.value(index - 1),
        );
    }
    if (out.isEmpty(out.rows - 1)) out.removeLastRow();
  }
  return out;
}
