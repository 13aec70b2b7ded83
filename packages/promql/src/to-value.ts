/** From frames to what callers get: names are dropped now, and what is absent is left out. */

import type { Evaluator, EvalValue } from "./evaluator.ts";
import type { Expr } from "./expr.ts";
import type { FloatHistogram } from "./float-histogram.ts";
import { Cell, Frame } from "./frame.ts";
import { type Grid, timeAt } from "./grid.ts";
import { compareLabels } from "./labels.ts";
import { dropNames } from "./merge-rows.ts";
import type { SampleSeries } from "./queryable.ts";
import { rangeSource } from "./range-source.ts";
import type { Value, VectorSample } from "./result.ts";
import { Window } from "./window.ts";

/** The value at the only step of a grid. Throws `execution` when two series have the same labels. */
export function instantValue(value: EvalValue, at: number): Value {
  if (value.type === "string") return { type: "string", at, value: value.value };
  if (value.type === "scalar") return { type: "scalar", at, value: value.values[0] ?? Number.NaN };
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

function ofScalar(value: EvalValue, grid: Grid): Frame {
  const frame = new Frame(grid.steps, 1);
  frame.addRow([], false);
  if (value.type === "scalar") for (const [step, number] of value.values.entries()) frame.setFloat(step, number);
  return frame;
}

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

/** The samples of a range as they are, for an instant query of nothing but a range. */
export function rawMatrix(evaluator: Evaluator, expr: Expr, grid: Grid): readonly SampleSeries[] {
  const source = rangeSource(evaluator, expr, grid);
  const window = new Window();
  const end = source.endAt(0);
  const found: SampleSeries[] = [];
  for (const samples of source.series) {
    window.enter(samples);
    window.slide(end - source.rangeMs, end);
    const floats = Array.from({ length: window.floats }, (_, at) => ({
      time: window.time(window.from + at),
      value: window.value(window.from + at),
      histogram: undefined as FloatHistogram | undefined,
    }));
    const histograms = samples.histograms.slice(window.histogramFrom, window.histogramTo).map((histogram, at) => ({
      time: samples.histogramTimes[window.histogramFrom + at] ?? 0,
      value: Number.NaN,
      histogram,
    }));
    const all = [...floats, ...histograms].sort((a, b) => a.time - b.time);
    if (all.length === 0) continue;
    found.push({
      labels: samples.labels,
      times: Float64Array.from(all, ({ time }) => time),
      values: Float64Array.from(all, ({ value }) => value),
      ...(histograms.length > 0 ? { histograms: all.map(({ histogram }) => histogram) } : {}),
    });
  }
  return found.sort((a, b) => compareLabels(a.labels, b.labels));
}
