/** From frames to what callers get: names are dropped now, and what is absent is left out. */

import type { Evaluator, EvalValue } from "./evaluator.ts";
import type { Expr } from "./expr.ts";
import type { FloatHistogram } from "./float-histogram.ts";
import { Cell, Frame } from "./frame.ts";
import { rangeEnds } from "./functions/extended-range.ts";
import { type Grid, timeAt } from "./grid.ts";
import { compareLabels, labelsKey, METRIC_NAME, withLabel } from "./labels.ts";
import { dropNames } from "./merge-rows.ts";
import { PromqlError } from "./promql-error.ts";
import type { Labels, SampleSeries } from "./queryable.ts";
import { rangeSource } from "./range-source.ts";
import type { Value, VectorSample } from "./result.ts";
import { Window } from "./window.ts";

/** The value at the only step of a grid. Throws `execution` when two series have the same labels. */
export function instantValue(value: EvalValue, at: number): Value {
  if (value.type === "string") return { type: "string", at, value: value.value };
  if (value.type === "scalar") return { type: "scalar", at, value: value.values[0] ?? Number.NaN };
  // Only now are names dropped: whatever was computed could still see them.
  const frame = dropNames(value.frame);
  const samples: VectorSample[] = [];
  for (const [row, labels] of frame.labels.entries()) {
    const element = frame.get(row);
    if (typeof element === "number") samples.push({ labels, value: element });
    else if (element !== undefined) samples.push({ labels, value: Number.NaN, histogram: element });
  }
  return { type: "vector", at, samples };
}

/** The series over a grid, in the order of their labels. Throws `execution` when two that share a step have the same labels. */
export function matrixValue(value: EvalValue, grid: Grid): readonly SampleSeries[] {
  const frame = value.type === "vector" ? dropNames(value.frame) : ofScalar(value, grid);
  return frame.labels
    .map((_, row) => seriesOfRow(frame, row, grid))
    .filter(({ times }) => times.length > 0)
    .sort((a, b) => compareLabels(a.labels, b.labels));
}

/** A scalar over a range is shown as a series without labels. */
function ofScalar(value: EvalValue, grid: Grid): Frame {
  const frame = new Frame(grid.steps, 1);
  frame.addRow([], false);
  if (value.type === "scalar") for (const [step, number] of value.values.entries()) frame.setFloat(step, number);
  return frame;
}

/** A row as a series; steps without a value are left out, as a graph wants it. */
function seriesOfRow(frame: Frame, row: number, grid: Grid): SampleSeries {
  const present: number[] = [];
  let any = false;
  for (let step = 0; step < frame.steps; step++) {
    const kind = frame.kind(row * frame.steps + step);
    if (kind !== Cell.absent) present.push(step);
    any ||= kind === Cell.histogram;
  }
  const cell = (step: number) => row * frame.steps + step;
  return {
    labels: frame.labels[row] ?? [],
    times: Float64Array.from(present, (step) => timeAt(grid, step)),
    values: Float64Array.from(present, (step) => frame.value(cell(step))),
    ...(any ? { histograms: present.map((step) => frame.histogram(cell(step))) } : {}),
  };
}

/** A sample on its way out. */
interface RawSample {
  readonly time: number;
  readonly value: number;
  readonly histogram?: FloatHistogram;
}

/** The samples within a range, and one at each of its ends. */
function extendedSamples(window: Window, samples: readonly RawSample[]): RawSample[] {
  const ends = rangeEnds(window, false);
  if (ends === undefined) return [];
  // Samples exactly at an end are that end.
  const inside = samples.filter(({ time }) => time > window.start && time < window.end);
  return [{ time: window.start, value: ends.left }, ...inside, { time: window.end, value: ends.right }];
}

/** The samples of a range as they are, for an instant query of nothing but a range; extended, with a sample at each end. */
export function rawMatrix(evaluator: Evaluator, expr: Expr, grid: Grid): readonly SampleSeries[] {
  const source = rangeSource(evaluator, expr, grid);
  const window = new Window();
  const end = source.endAt(0);
  const { extended, rangeMs } = source;
  const found = new Map<string, RawSeries>();
  const reach = extended === undefined ? 0 : evaluator.lookbackMs;
  for (const [row, samples] of source.series.entries()) {
    window.enter(samples);
    window.start = end - rangeMs;
    window.end = end;
    window.extended = extended;
    window.slide(window.start - reach, end + (extended === "smoothed" ? reach : 0));
    // This is for a person or a graph, and of one range only: an object a sample does no harm here.
    const plain = Array.from({ length: window.floats }, (_, at) => ({
      time: window.time(window.from + at),
      value: window.value(window.from + at),
    }));
    const floats: RawSample[] = extended === undefined ? plain : extendedSamples(window, plain);
    const histograms = samples.histograms.slice(window.histogramFrom, window.histogramTo).map((histogram, at) => ({
      time: samples.histogramTimes[window.histogramFrom + at] ?? 0,
      value: Number.NaN,
      histogram,
    }));
    const all: RawSample[] = [...floats, ...histograms].sort((a, b) => a.time - b.time);
    // What a subquery computed has lost its name, as anywhere else.
    const name = source.dropName[row] ? METRIC_NAME : "";
    if (all.length > 0) add(found, withLabel(samples.labels, name, ""), all);
  }
  return [...found.values()]
    .map(({ labels, samples }) => toSeries(labels, samples))
    .sort((a, b) => compareLabels(a.labels, b.labels));
}

/** The samples of one set of labels. */
interface RawSeries {
  readonly labels: Labels;
  samples: readonly RawSample[];
}

/** Adds a series to those found; one that has come to have the labels of another joins it, if they share no time. */
function add(found: Map<string, RawSeries>, labels: Labels, samples: readonly RawSample[]): void {
  const key = labelsKey(labels);
  const other = found.get(key);
  if (other === undefined) {
    found.set(key, { labels, samples });
    return;
  }
  const times = new Set(other.samples.map(({ time }) => time));
  if (samples.some(({ time }) => times.has(time)))
    throw new PromqlError("execution", "vector cannot contain metrics with the same labelset");
  other.samples = [...other.samples, ...samples].sort((a, b) => a.time - b.time);
}

/** Samples as a series; the list of histograms is only there when there is one. */
function toSeries(labels: Labels, samples: readonly RawSample[]): SampleSeries {
  const histograms = samples.map(({ histogram }) => histogram);
  return {
    labels,
    times: Float64Array.from(samples, ({ time }) => time),
    values: Float64Array.from(samples, ({ value }) => value),
    ...(histograms.some((one) => one !== undefined) ? { histograms } : {}),
  };
}
