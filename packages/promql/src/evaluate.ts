/** Evaluates an expression: selects its series first, asynchronously, then computes without waiting for anything. */
import type { Expr } from "./expr.ts";
import { PromqlError } from "./promql-error.ts";
import type { Queryable } from "./queryable.ts";
import type { Result } from "./result.ts";

/** What both kinds of query have in common. */
export interface QueryOptions {
  readonly queryable: Queryable;
  /** How old an instant selector's sample may be, milliseconds. */
  readonly lookbackMs?: number;
  /** The step of subqueries that name none, milliseconds. */
  readonly subqueryStepMs?: number;
  /** The most samples that the query may hold at once; beyond, it fails with `limit`. */
  readonly maxSamples?: number;
  /** Ends the query with `canceled` at the next check. */
  readonly signal?: AbortSignal;
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
  void [expr, query];
  throw new PromqlError("unbuilt", "evaluation is not built yet");
}

/** Evaluates a scalar or vector expression at every step; the value is a matrix. Throws as `evaluateInstant`, and for a range that has no end. */
export async function evaluateRange(expr: Expr, query: RangeQuery): Promise<Result> {
  void [expr, query];
  throw new PromqlError("unbuilt", "evaluation is not built yet");
}
