/** The aggregations that pick some series of every group and leave these as they are. */

import type { Groups } from "./evaluate-aggregate.ts";
import { type Evaluator, newFrame } from "./evaluator.ts";
import type { AggregateExpr } from "./expr.ts";
import { Cell, type Frame } from "./frame.ts";
import { goNumber } from "./functions/over-time.ts";
import type { Grid } from "./grid.ts";
import { labelsKey } from "./labels.ts";
import { PromqlError } from "./promql-error.ts";
import type { Labels } from "./queryable.ts";

/** Picks the rows that `topk`, `bottomk`, `limitk` or `limit_ratio` want at every step. */
export function pickRows(
  evaluator: Evaluator,
  expr: AggregateExpr,
  grid: Grid,
  input: Frame,
  groups: Groups,
  params: Float64Array,
): Frame {
  checkParams(evaluator, expr, params);
  const { steps } = grid;
  const out = newFrame(evaluator, grid, steps === 1 ? 0 : input.rows);
  // In the order in which rows are picked: for an instant query that is the order of the result. Over a range a series
  // keeps one row, whatever its place at each step.
  const rowsOut = new Map<number, number>();
  for (let step = 0; step < steps; step++) {
    evaluator.budget.check();
    const param = params[step] ?? 0;
    const present: number[][] = groups.labels.map(() => []);
    for (let row = 0; row < input.rows; row++) {
      const kind = input.kind(row * steps + step);
      if (kind === Cell.absent || !takesPart(evaluator, expr, kind, param)) continue;
      present[groups.of[row] ?? 0]?.push(row);
    }
    for (const rows of present)
      for (const row of choose(expr, rows, param, input, step)) {
        const start = rowsOut.get(row) ?? out.addRow(input.labels[row] ?? [], input.dropName[row] ?? false);
        rowsOut.set(row, start);
        out.copyCell(start + step, input, row * steps + step);
      }
  }
  return out;
}

/** Histograms have no place in an order of numbers. */
function takesPart({ notes }: Evaluator, expr: AggregateExpr, kind: number, param: number): boolean {
  if (kind === Cell.float || (expr.op !== "topk" && expr.op !== "bottomk")) return true;
  if (param >= 1) notes.info(`ignored histogram in ${expr.op} aggregation`, expr);
  return false;
}

/** Refuses numbers of series that are none; ratios beyond their bounds are only warned of. */
function checkParams({ notes }: Evaluator, expr: AggregateExpr, params: Float64Array): void {
  const ratio = expr.op === "limit_ratio";
  if (params.some(Number.isNaN))
    throw new PromqlError("execution", ratio ? "Ratio value is NaN" : "Parameter value is NaN");
  if (!ratio) {
    // What does not fit into 64 bits is a mistake, not a number of series.
    const off = params.find((value) => value >= 2 ** 63 || value <= -(2 ** 63));
    if (off !== undefined)
      throw new PromqlError("execution", `Scalar value ${goNumber(off)} ${off > 0 ? "over" : "under"}flows int64`);
    return;
  }
  for (const value of new Set(params))
    if (Math.abs(value) > 1) {
      const cap = Math.sign(value);
      const message = `ratio value should be between -1 and 1, got ${goNumber(value)}, capping to ${cap}`;
      notes.warn(message, expr.param ?? expr);
    }
}

/** The rows of one group that are picked at a step. */
function choose(expr: AggregateExpr, rows: number[], param: number, input: Frame, step: number): readonly number[] {
  const value = (row: number) => input.value(row * input.steps + step);
  const count = Math.trunc(param);
  switch (expr.op) {
    case "limitk":
      return count < 1 ? [] : rows.slice(0, count);
    case "limit_ratio":
      return rows.filter((row) => isWithin(param, input.labels[row] ?? []));
    default: {
      if (count < 1) return [];
      const sign = expr.op === "topk" ? -1 : 1;
      // The sort is stable: of equal values those that came first are picked, as in Prometheus. NaN is never before a number.
      rows.sort((a, b) => {
        const [x, y] = [value(a), value(b)];
        if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
        return sign * (x - y) || 0;
      });
      return rows.slice(0, count);
    }
  }
}

/** Whether a series is in a share of all: always the same ones, and the rest for the negative share. */
function isWithin(ratio: number, labels: Labels): boolean {
  const place = placeOf(labels);
  return ratio >= 0 ? place < ratio : place >= 1 + ratio;
}

/** A place in [0, 1) that depends on the labels alone and is spread evenly (FNV-1a, then mixed). */
function placeOf(labels: Labels): number {
  // Not Prometheus's hash, so other series are picked than there; only that it is stable is promised.
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(labelsKey(labels), "utf16le")) hash = Math.imul(hash ^ byte, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
