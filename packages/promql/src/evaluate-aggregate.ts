/** Aggregations: groups the series of a vector and reduces each group to one, or picks some of it. */
import { aggregations } from "./aggregations.ts";
import { type Evaluator, type EvalValue, newFrame, scalarOf, vectorOf } from "./evaluator.ts";
import type { AggregateExpr, Expr } from "./expr.ts";
import { formatNumber } from "./format-expr.ts";
import { formatHistogram } from "./format-histogram.ts";
import { Cell, type Frame } from "./frame.ts";
import { isLabelName } from "./functions/label-functions.ts";
import { quote } from "./go-string.ts";
import type { Grid } from "./grid.ts";
import { labelsKey, METRIC_NAME, onlyLabels, withLabel, withoutLabels } from "./labels.ts";
import { pickRows } from "./pick-rows.ts";
import { PromqlError } from "./promql-error.ts";
import type { Labels } from "./queryable.ts";

/** Groups of rows: the labels that each group's result has, and the group of every row. */
export interface Groups {
  readonly labels: readonly Labels[];
  readonly dropName: readonly boolean[];
  readonly of: Int32Array;
}

/** The labels that a series has in its group. */
function groupLabels(expr: AggregateExpr, more: readonly string[] = []): (labels: Labels) => Labels {
  const names = new Set([...expr.grouping, ...more]);
  if (expr.without) {
    // `count_values` puts its label into the result, even one that is to be left out otherwise. The name goes with
    // every `without`.
    names.delete(more[0] ?? "");
    names.add(METRIC_NAME);
    return (labels) => withoutLabels(labels, names);
  }
  return names.size === 0 ? () => [] : (labels) => onlyLabels(labels, names);
}

/** Numbers the groups in the order in which their first series comes, which is the order of the result. */
function groupRows(frame: Frame, reduce: (labels: Labels) => Labels): Groups {
  const numbers = new Map<string, number>();
  const labels: Labels[] = [];
  const dropName: boolean[] = [];
  const of = new Int32Array(frame.rows);
  for (const [row, own] of frame.labels.entries()) {
    const group = reduce(own);
    const key = labelsKey(group);
    let number = numbers.get(key);
    if (number === undefined) {
      number = labels.length;
      numbers.set(key, number);
      labels.push(group);
      dropName.push(false);
    }
    of[row] = number;
    // One series whose name is to go takes the group's with it: `by (__name__)` must not bring it back.
    if (frame.dropName[row]) dropName[number] = true;
  }
  return { labels, dropName, of };
}

/** Evaluates an aggregation. Throws a PromqlError for a parameter that makes no sense. */
export function evaluateAggregate(evaluator: Evaluator, expr: AggregateExpr, grid: Grid): EvalValue {
  const { op, param } = expr;
  if (op === "count_values") return { type: "vector", frame: countValues(evaluator, expr, grid) };
  const params = param === undefined ? undefined : scalarOf(evaluator, param, grid);
  // Evaluated behind its parameter, so that what both notice comes in the order of the text.
  const input = vectorOf(evaluator, expr.inner, grid);
  const groups = groupRows(input, groupLabels(expr));
  if (params !== undefined && op !== "quantile")
    return { type: "vector", frame: pickRows(evaluator, expr, grid, input, groups, params) };
  return { type: "vector", frame: reduceGroups(evaluator, expr, grid, input, groups, params) };
}

/**
 * One row a group. States are made anew at every step: a group that has no sample at a step has no value there, which a state
 * that is kept could not tell from an empty sum.
 */
function reduceGroups(
  evaluator: Evaluator,
  expr: AggregateExpr,
  grid: Grid,
  input: Frame,
  groups: Groups,
  params: Float64Array | undefined,
): Frame {
  const { op, param } = expr;
  if (params !== undefined && param !== undefined) checkQuantiles(evaluator, params, param);
  const create = aggregations[op];
  if (create === undefined) throw new TypeError(`${op} does not reduce`);
  const out = newFrame(evaluator, grid, groups.labels.length);
  for (const [group, labels] of groups.labels.entries()) out.addRow(labels, groups.dropName[group] ?? false);
  const report = { notes: evaluator.notes, expr };
  for (let step = 0; step < grid.steps; step++) {
    evaluator.budget.check();
    const q = params?.[step] ?? Number.NaN;
    const states: (ReturnType<typeof create> | undefined)[] = new Array(groups.labels.length);
    for (let row = 0; row < input.rows; row++) {
      const index = row * grid.steps + step;
      const kind = input.kind(index);
      if (kind === Cell.absent) continue;
      const group = groups.of[row] ?? 0;
      const state = states[group] ?? create(report, q);
      states[group] = state;
      const histogram = kind === Cell.histogram ? input.histogram(index) : undefined;
      if (histogram === undefined) state.add(input.value(index));
      else state.addHistogram(histogram, input.labels[row] ?? []);
    }
    for (const [group, state] of states.entries())
      if (state !== undefined) out.set(group * grid.steps + step, state.result());
  }
  return out;
}

/** A quantile outside [0, 1] has an answer, but hardly the one that was wanted. */
function checkQuantiles(evaluator: Evaluator, params: Float64Array, place: Expr): void {
  for (const q of new Set(params))
    if (!(q >= 0 && q <= 1))
      evaluator.notes.warn(`quantile value should be between 0 and 1, got ${formatNumber(q)}`, place);
}

/** A series for every value, counting how many series of the group have it. */
function countValues(evaluator: Evaluator, expr: AggregateExpr, grid: Grid): Frame {
  let text = expr.param;
  while (text?.kind === "paren") text = text.inner;
  // The parser has made sure of a string; parentheses around it are allowed.
  const label = text?.kind === "string" ? text.value : "";
  if (!isLabelName(label)) throw new PromqlError("execution", `invalid label name ${quote(label)}`, expr.span);
  const input = vectorOf(evaluator, expr.inner, grid);
  const reduce = groupLabels(expr, [label]);
  const out = newFrame(evaluator, grid, 0);
  // Values are labels here: a series for each that comes at any step, which is why this can become many.
  const starts = new Map<string, number>();
  for (const [row, own] of input.labels.entries())
    for (let step = 0; step < grid.steps; step++) {
      const value = input.get(row * grid.steps + step);
      if (value === undefined) continue;
      const shown = typeof value === "number" ? formatNumber(value) : formatHistogram(value);
      const labels = reduce(withLabel(own, label, shown));
      const key = labelsKey(labels);
      const start = starts.get(key) ?? out.addRow(labels, false);
      starts.set(key, start);
      const index = start + step;
      out.setFloat(index, (out.kind(index) === Cell.absent ? 0 : out.value(index)) + 1);
    }
  return out;
}
