/** Calls of functions: brings arguments to where the body of the function wants them. */

import { type Evaluator, type EvalValue, newFrame, scalarOf, vectorOf } from "./evaluator.ts";
import type { CallExpr, Expr } from "./expr.ts";
import { formatLabels } from "./format-labels.ts";
import { Cell, type Frame } from "./frame.ts";
import { FUNCTIONS, functionNamed } from "./functions/function-table.ts";
import { argument, type Body, type Call, type PromqlFunction } from "./functions/function-type.ts";
import { type Grid, timeAt } from "./grid.ts";
import { infoSelector } from "./info-selector.ts";
import { selectInstant } from "./instant-selector.ts";
import { PromqlError } from "./promql-error.ts";
import { rangeSource } from "./range-source.ts";
import { Window } from "./window.ts";

/** Evaluates a call. Throws a PromqlError when the function cannot work on its arguments. */
export function evaluateCall(evaluator: Evaluator, expr: CallExpr, grid: Grid): EvalValue {
  const called = functionNamed(expr.name);
  if (called === undefined) throw new TypeError(`no function ${expr.name}`);
  const { run } = called;
  switch (run.kind) {
    case "scalar":
      return ofScalars(evaluator, expr, grid, run);
    case "element":
      return { type: "vector", frame: ofElements(evaluator, expr, grid, run) };
    case "histogram":
      return { type: "vector", frame: ofHistograms(evaluator, expr, grid, run) };
    case "window":
      return { type: "vector", frame: ofWindows(evaluator, called, run, expr, grid) };
    case "frame": {
      const result = run.apply(frameCall(evaluator, expr, grid));
      return result instanceof Float64Array ? { type: "scalar", values: result } : { type: "vector", frame: result };
    }
    case "unbuilt":
      throw new PromqlError("unbuilt", `function ${expr.name} is not built yet`, expr.span);
  }
}

/** The bodies of one kind. */
type BodyOf<Kind extends Body["kind"]> = Extract<Body, { readonly kind: Kind }>;

/** The scalar arguments of a call, which change from step to step. */
function scalarArguments(evaluator: Evaluator, args: readonly Expr[], grid: Grid): readonly Float64Array[] {
  return args.filter(({ type }) => type === "scalar").map((arg) => scalarOf(evaluator, arg, grid));
}

/** Puts the arguments of one step into `params`. */
function load(params: number[], scalars: readonly Float64Array[], step: number): void {
  for (let index = 0; index < scalars.length; index++) params[index] = scalars[index]?.[step] ?? Number.NaN;
}

/** Numbers from numbers, step by step. */
function ofScalars(evaluator: Evaluator, expr: CallExpr, grid: Grid, run: BodyOf<"scalar">): EvalValue {
  const scalars = scalarArguments(evaluator, expr.args, grid);
  const params: number[] = [];
  const values = new Float64Array(grid.steps);
  for (let step = 0; step < grid.steps; step++) {
    load(params, scalars, step);
    values[step] = run.apply(params, timeAt(grid, step), evaluator.times);
  }
  return { type: "scalar", values };
}

/**
 * A number from every number of a vector. The labels stay but the name, which no longer says what the values are; it goes at
 * the end, so that an aggregation around the call can still see it.
 */
function ofElements(evaluator: Evaluator, expr: CallExpr, grid: Grid, run: BodyOf<"element">): Frame {
  const [first] = expr.args;
  const frame = first === undefined ? evaluationTimes(evaluator, grid) : vectorOf(evaluator, first, grid);
  const scalars = scalarArguments(evaluator, expr.args, grid);
  const params: number[] = [];
  const out = newFrame(evaluator, grid, frame.rows);
  for (const [row, labels] of frame.labels.entries()) {
    const start = out.addRow(labels, true);
    const from = row * grid.steps;
    for (let step = 0; step < grid.steps; step++) {
      if (frame.kind(from + step) !== Cell.float) continue;
      load(params, scalars, step);
      const value = run.apply(frame.value(from + step), params);
      if (value !== undefined) out.setFloat(start + step, value);
    }
    if (out.isEmpty(out.rows - 1)) out.removeLastRow();
  }
  return out;
}

/** The evaluation time in whole seconds, which functions of the calendar take when they get nothing. */
function evaluationTimes(evaluator: Evaluator, grid: Grid): Frame {
  const out = newFrame(evaluator, grid, 1);
  const start = out.addRow([], false);
  for (let step = 0; step < grid.steps; step++) out.setFloat(start + step, timeAt(grid, step) / 1000);
  return out;
}

/** A number from every histogram of a vector. */
function ofHistograms(evaluator: Evaluator, expr: CallExpr, grid: Grid, run: BodyOf<"histogram">): Frame {
  const frame = vectorOf(evaluator, argument(expr, 0), grid);
  const out = newFrame(evaluator, grid, frame.rows);
  for (const [row, labels] of frame.labels.entries()) {
    const start = out.addRow(labels, true);
    for (let step = 0; step < grid.steps; step++) {
      const histogram = frame.histogram(row * grid.steps + step);
      if (histogram !== undefined) out.setFloat(start + step, run.apply(histogram));
    }
    if (out.isEmpty(out.rows - 1)) out.removeLastRow();
  }
  return out;
}

/**
 * A value from every range of samples. Series by series and step by step within, because the samples of neighbouring ranges
 * overlap: the window slides over each series once, however many steps there are.
 */
function ofWindows(
  evaluator: Evaluator,
  { name }: PromqlFunction,
  run: BodyOf<"window">,
  expr: CallExpr,
  grid: Grid,
): Frame {
  const range = expr.args.find(({ type }) => type === "matrix");
  if (range === undefined) throw new TypeError(`${name} has no range`);
  const source = rangeSource(evaluator, range, grid);
  const { extended } = source;
  if (extended !== undefined && !run.extended?.includes(extended))
    throw new PromqlError(
      "execution",
      `${extended} modifier can only be used with: ${knowing(extended)} - not with ${name}`,
    );
  const scalars = scalarArguments(evaluator, expr.args, grid);
  const params: number[] = [];
  const report = { notes: evaluator.notes, expr };
  const window = new Window();
  window.extended = extended;
  // What is taken at the ends of an extended range may lie outside of it; the functions that know such ranges tell
  // by the window's own bounds which samples these are.
  const before = extended === undefined ? 0 : evaluator.lookbackMs;
  const behind = extended === "smoothed" ? evaluator.lookbackMs : 0;
  const out = newFrame(evaluator, grid, source.series.length);
  for (const [row, samples] of source.series.entries()) {
    // Nothing else runs while this does: a deadline is only noticed where it is asked for.
    if (row % 1024 === 0) evaluator.budget.check();
    window.enter(samples);
    const start = out.addRow(samples.labels, !run.keepsName || (source.dropName[row] ?? false));
    let numbers = false;
    let any = false;
    for (let step = 0; step < grid.steps; step++) {
      const end = source.endAt(step);
      window.at = timeAt(grid, step);
      window.end = end;
      window.start = end - source.rangeMs;
      window.slide(window.start - before, end + behind);
      if (window.floats + window.histogramCount === 0) continue;
      load(params, scalars, step);
      const value = run.apply(window, params, report);
      if (value === undefined) continue;
      any = true;
      numbers ||= typeof value === "number";
      out.set(start + step, value);
    }
    // What is noticed about a name is noticed once a series, not once a sample.
    if (numbers) run.check?.(samples.labels, report);
    if (!any) out.removeLastRow();
  }
  return out;
}

/** The names of the functions that know a way of taking the ends of a range. */
function knowing(extended: "anchored" | "smoothed"): string {
  const known = FUNCTIONS.filter(({ run }) => run.kind === "window" && run.extended?.includes(extended));
  return known
    .map(({ name }) => name)
    .sort()
    .join(", ");
}

/** A call as bodies see it that work on whole vectors. */
function frameCall(evaluator: Evaluator, expr: CallExpr, grid: Grid): Call {
  const { times, notes } = evaluator;
  return {
    expr,
    grid,
    times,
    notes,
    vector: (index) => vectorOf(evaluator, argument(expr, index), grid),
    scalar: (index) => scalarOf(evaluator, argument(expr, index), grid),
    text(index) {
      const value = evaluator.evaluate(argument(expr, index), grid);
      if (value.type !== "string") throw new TypeError(`argument ${index} of ${expr.name} is no string`);
      return value.value;
    },
    sampleTimes(index) {
      // Parentheses change nothing, so that `timestamp((x))` is `timestamp(x)`.
      let arg = argument(expr, index);
      while (arg.kind === "paren") arg = arg.inner;
      if (arg.kind === "selector") return selectInstant(evaluator, arg, grid, true);
      return stepTimes(evaluator, vectorOf(evaluator, arg, grid), grid);
    },
    anyInRange: (index) => anyInRange(evaluator, argument(expr, index), grid),
    infoTimes: () => infoTimes(evaluator, expr, grid),
    frame: (rows) => newFrame(evaluator, grid, rows),
  };
}

/** Info metrics are constant: their value is replaced by their time, which decides between two of them. */
function infoTimes(evaluator: Evaluator, expr: CallExpr, grid: Grid): Frame {
  const selector = infoSelector(expr);
  const unfit = evaluator.seriesOf(selector).find(({ histograms }) => histograms !== undefined);
  if (unfit !== undefined)
    throw new PromqlError(
      "execution",
      `this should be an info metric, with float samples: ${formatLabels(unfit.labels)}`,
    );
  return selectInstant(evaluator, selector, grid, true);
}

/** The vector with the times of the steps as values: what is computed has no time of its own. */
/** Everything but a selector has lost the times of its samples. */
function stepTimes(evaluator: Evaluator, frame: Frame, grid: Grid): Frame {
  const out = newFrame(evaluator, grid, frame.rows);
  for (const [row, labels] of frame.labels.entries()) {
    const start = out.addRow(labels, frame.dropName[row] ?? false);
    for (let step = 0; step < grid.steps; step++)
      if (frame.kind(row * grid.steps + step) !== Cell.absent) out.setFloat(start + step, timeAt(grid, step));
  }
  return out;
}

/** Whether any series has a sample in the range of each step; what kind of sample does not matter. */
function anyInRange(evaluator: Evaluator, range: Expr, grid: Grid): readonly boolean[] {
  const source = rangeSource(evaluator, range, grid);
  const found = new Array<boolean>(grid.steps).fill(false);
  const window = new Window();
  for (const samples of source.series) {
    window.enter(samples);
    for (let step = 0; step < grid.steps; step++) {
      const end = source.endAt(step);
      window.slide(end - source.rangeMs, end);
      if (window.floats + window.histogramCount > 0) found[step] = true;
    }
  }
  return found;
}
