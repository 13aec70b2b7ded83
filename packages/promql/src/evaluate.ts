/** Evaluates an expression: selects its series first, asynchronously, then computes without waiting for anything. */
import { Budget, type Deadline } from "./budget.ts";
import { Evaluation } from "./evaluation.ts";
import type { Expr } from "./expr.ts";
import { type Grid, gridOver } from "./grid.ts";
import { PromqlError } from "./promql-error.ts";
import type { Queryable, SampleSeries } from "./queryable.ts";
import { withResetHints } from "./reset-hints.ts";
import type { Result, Value } from "./result.ts";
import { selectorSpans } from "./selector-spans.ts";
import { LOOKBACK_MS } from "./selectors-of.ts";
import { instantValue, matrixValue, rawMatrix } from "./to-value.ts";

/** The step of subqueries that name none, milliseconds: Prometheus's default evaluation interval. */
export const SUBQUERY_STEP_MS = 60_000;

/** The most steps of a range query: what Prometheus's API allows for one series. */
export const MAX_STEPS = 11_000;

/** What both kinds of query have in common. */
export interface QueryOptions {
  readonly queryable: Queryable;
  /** How old an instant selector's sample may be, milliseconds; `LOOKBACK_MS` without it. */
  readonly lookbackMs?: number;
  /** The step of subqueries that name none, milliseconds; `SUBQUERY_STEP_MS` without it. */
  readonly subqueryStepMs?: number;
  /** The most samples that the query may load and compute in all; beyond, it fails with `limit`. `MAX_SAMPLES` without it. */
  readonly maxSamples?: number;
  /** Ends the query with `canceled` at the next check. While it computes, only a deadline can: nothing else runs. */
  readonly signal?: AbortSignal;
  /** Ends the query with `canceled` once it is over. */
  readonly deadline?: Deadline;
}

/** A query at one time. */
export interface InstantQuery extends QueryOptions {
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** A query at every step from `from` up to and including `until`, milliseconds since the epoch. */
export interface RangeQuery extends QueryOptions {
  readonly from: number;
  readonly until: number;
  readonly stepMs: number;
}

/** Evaluates at one time. Throws a PromqlError: `execution`, `limit` or `canceled`; what the queryable throws passes through. */
export async function evaluateInstant(expr: Expr, query: InstantQuery): Promise<Result> {
  const { at } = query;
  const evaluation = await prepare(expr, query, { from: at, until: at, stepMs: 0 });
  // One step; its length does not matter, but `step()` must be zero, which the query's times say.
  const grid: Grid = { from: at, stepMs: 1, steps: 1 };
  const value: Value =
    expr.type === "matrix"
      ? { type: "matrix", series: rawMatrix(evaluation, expr, grid) }
      : instantValue(evaluation.evaluate(expr, grid), at);
  return { value, warnings: evaluation.notes.warnings, infos: evaluation.notes.infos };
}

/**
 * Evaluates a scalar or vector expression at every step; the value is a matrix, its series in the order of their labels.
 * Throws as `evaluateInstant`; and `execution` for a span or step that is none, `limit` for more than `MAX_STEPS` steps.
 */
export async function evaluateRange(expr: Expr, query: RangeQuery): Promise<Result> {
  const { from, until, stepMs } = query;
  if (!(stepMs > 0) || !(until >= from))
    throw new PromqlError(
      "execution",
      `no range from ${from} until ${until} by ${stepMs} ms: the step must be positive, the end not before the start`,
    );
  const grid = gridOver(from, until, stepMs);
  if (grid.steps > MAX_STEPS)
    throw new PromqlError(
      "limit",
      `${grid.steps} steps are more than ${MAX_STEPS}: ask for a shorter range or a longer step`,
    );
  if (expr.type !== "scalar" && expr.type !== "vector")
    throw new PromqlError(
      "execution",
      `invalid expression type "${expr.type === "matrix" ? "range vector" : "string"}" for range query, must be scalar or instant vector`,
    );
  const evaluation = await prepare(expr, query, { from, until, stepMs });
  const series = matrixValue(evaluation.evaluate(expr, grid), grid);
  return { value: { type: "matrix", series }, warnings: evaluation.notes.warnings, infos: evaluation.notes.infos };
}

/** Selects what the expression reads. */
async function prepare(
  expr: Expr,
  options: QueryOptions,
  times: { readonly from: number; readonly until: number; readonly stepMs: number },
): Promise<Evaluation> {
  const { queryable, lookbackMs = LOOKBACK_MS, subqueryStepMs = SUBQUERY_STEP_MS } = options;
  const budget = new Budget(options.maxSamples, options.signal, options.deadline);
  budget.check();
  const durations = { stepMs: times.stepMs, rangeMs: times.until - times.from };
  const spans = selectorSpans(expr, { ...times, ...durations, lookbackMs });
  // All at once: a queryable that reads from disk or over a network answers them in parallel.
  const selected = await Promise.all(
    spans.map(async ({ selector, after, until, totalsOnly }) => {
      const series = await queryable.select(selector.matchers, { after, until });
      // Charged as they come, so that a selector that matches everything ends the query early.
      for (const one of series) budget.charge(samplesWithin(one, after, until));
      return [selector, totalsOnly ? series.map(withResetHints) : series] as const;
    }),
  );
  budget.check();
  return new Evaluation({ times, durations, lookbackMs, subqueryStepMs, budget, selected: new Map(selected) });
}

/** How many samples of a series lie in a span; a queryable may have returned more. */
function samplesWithin({ times }: SampleSeries, after: number, until: number): number {
  if (times.length > 0 && (times[0] ?? 0) > after && (times[times.length - 1] ?? 0) <= until) return times.length;
  let count = 0;
  for (const time of times) if (time > after && time <= until) count++;
  return count;
}
