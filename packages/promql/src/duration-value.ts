/** What a duration expression amounts to in a query. */
import { MAX_DURATION_MS } from "./duration-text.ts";
import type { Duration } from "./expr.ts";
import { PromqlError } from "./promql-error.ts";

/** What `step()` and `range()` are in a query, milliseconds. */
export interface DurationContext {
  readonly stepMs: number;
  readonly rangeMs: number;
}

/** The duration in whole milliseconds. Throws `execution` for a division by zero and for what is out of range. */
export function durationMs(duration: Duration, context: DurationContext): number {
  if (duration.kind === "ms") return duration.ms;
  const ms = Math.round(seconds(duration, context) * 1000);
  if (!(Math.abs(ms) <= MAX_DURATION_MS)) throw new PromqlError("execution", "duration is out of range");
  return ms;
}

/** The duration of a range, which must be positive. Throws `execution` otherwise. */
export function rangeMs(duration: Duration, context: DurationContext): number {
  const ms = durationMs(duration, context);
  if (ms <= 0) throw new PromqlError("execution", "duration must be greater than 0");
  return ms;
}

/** In seconds, as the numbers in duration expressions are. */
function seconds(duration: Duration, context: DurationContext): number {
  switch (duration.kind) {
    case "ms":
      return duration.ms / 1000;
    case "step":
      return context.stepMs / 1000;
    case "range":
      return context.rangeMs / 1000;
    case "paren":
      return seconds(duration.inner, context);
    case "unary":
      return (duration.op === "-" ? -1 : 1) * seconds(duration.inner, context);
    case "binary":
      return operate(duration.op, seconds(duration.left, context), seconds(duration.right, context));
  }
}

type Op = Extract<Duration, { readonly kind: "binary" }>["op"];

// Powers and remainders of durations have no unit that made sense; Prometheus computes them all the same.
const OPERATIONS: Readonly<Record<Op, (left: number, right: number) => number>> = {
  "+": (left, right) => left + right,
  "-": (left, right) => left - right,
  "*": (left, right) => left * right,
  "/": (left, right) => left / right,
  "%": (left, right) => left % right,
  "^": (left, right) => left ** right,
  min_of: Math.min,
  max_of: Math.max,
};

/** An operation on seconds; what has no value is an error here, not an infinity that becomes a range. */
function operate(op: Op, left: number, right: number): number {
  if (right === 0 && op === "/") throw new PromqlError("execution", "division by zero");
  if (right === 0 && op === "%") throw new PromqlError("execution", "modulo by zero");
  return OPERATIONS[op](left, right);
}
