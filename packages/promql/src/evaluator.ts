/** What the parts of the evaluator share: the values that expressions have, and the one query that they work for. */
import type { Budget } from "./budget.ts";
import type { DurationContext } from "./duration-value.ts";
import type { Expr, VectorSelector } from "./expr.ts";
import { Frame } from "./frame.ts";
import type { QueryTimes } from "./functions/function-type.ts";
import type { Grid } from "./grid.ts";
import type { Notes } from "./notes.ts";
import type { SampleSeries } from "./queryable.ts";

/** The value of an expression over a grid; ranges exist only as arguments of functions. */
export type EvalValue =
  | { readonly type: "scalar"; readonly values: Float64Array }
  | { readonly type: "vector"; readonly frame: Frame }
  | { readonly type: "string"; readonly value: string };

/** One query under way. */
export interface Evaluator {
  readonly times: QueryTimes;
  readonly durations: DurationContext;
  readonly lookbackMs: number;
  /** The step of subqueries that name none, milliseconds. */
  readonly subqueryStepMs: number;
  readonly notes: Notes;
  readonly budget: Budget;
  /** The series that were selected for a selector. */
  seriesOf(selector: VectorSelector): readonly SampleSeries[];
  /** Evaluates an expression. Throws a PromqlError when its data cannot be evaluated so, or a limit is hit. */
  evaluate(expr: Expr, grid: Grid): EvalValue;
}

/** Evaluates an expression that the parser found to be a vector. */
export function vectorOf(evaluator: Evaluator, expr: Expr, grid: Grid): Frame {
  const value = evaluator.evaluate(expr, grid);
  if (value.type !== "vector") throw new TypeError(`${expr.kind} is no vector`);
  return value.frame;
}

/** Evaluates an expression that the parser found to be a scalar. */
export function scalarOf(evaluator: Evaluator, expr: Expr, grid: Grid): Float64Array {
  const value = evaluator.evaluate(expr, grid);
  if (value.type !== "scalar") throw new TypeError(`${expr.kind} is no scalar`);
  return value.values;
}

/** A frame with room for so many rows, on the query's budget. */
export function newFrame(evaluator: Evaluator, grid: Grid, rows: number): Frame {
  evaluator.budget.charge(rows * grid.steps);
  return new Frame(grid.steps, rows);
}
