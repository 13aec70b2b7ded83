/** One query under way: dispatches on the kind of an expression. Everything is at hand, so nothing waits. */
import type { Budget } from "./budget.ts";
import type { DurationContext } from "./duration-value.ts";
import { evaluateAggregate } from "./evaluate-aggregate.ts";
import { evaluateBinary } from "./evaluate-binary.ts";
import { evaluateCall } from "./evaluate-call.ts";
import { type Evaluator, type EvalValue, newFrame } from "./evaluator.ts";
import type { Expr, UnaryExpr, VectorSelector } from "./expr.ts";
import { Frame } from "./frame.ts";
import type { QueryTimes } from "./functions/function-type.ts";
import type { Grid } from "./grid.ts";
import { scaleHistogram } from "./histogram-arithmetic.ts";
import { selectInstant } from "./instant-selector.ts";
import { Notes } from "./notes.ts";
import type { SampleSeries } from "./queryable.ts";

/** What an evaluation is made of. */
export interface EvaluationParts {
  readonly times: QueryTimes;
  readonly durations: DurationContext;
  readonly lookbackMs: number;
  readonly subqueryStepMs: number;
  readonly budget: Budget;
  readonly selected: ReadonlyMap<VectorSelector, readonly SampleSeries[]>;
}

/** The evaluator of one query. */
export class Evaluation implements Evaluator {
  readonly times: QueryTimes;
  readonly durations: DurationContext;
  readonly lookbackMs: number;
  readonly subqueryStepMs: number;
  readonly notes = new Notes();
  readonly budget: Budget;
  readonly #selected: EvaluationParts["selected"];

  constructor(parts: EvaluationParts) {
    this.times = parts.times;
    this.durations = parts.durations;
    this.lookbackMs = parts.lookbackMs;
    this.subqueryStepMs = parts.subqueryStepMs;
    this.budget = parts.budget;
    this.#selected = parts.selected;
  }

  /** Selected before the evaluation began; a selector that matched nothing has no entry. */
  seriesOf(selector: VectorSelector): readonly SampleSeries[] {
    return this.#selected.get(selector) ?? [];
  }

  evaluate(expr: Expr, grid: Grid): EvalValue {
    // At every node: an expression of many small parts must end in time as well.
    this.budget.check();
    // A subquery whose range is shorter than its step may have no step at all.
    if (grid.steps === 0) return nothing(expr);
    switch (expr.kind) {
      case "number":
        return { type: "scalar", values: new Float64Array(grid.steps).fill(expr.value) };
      case "string":
        return { type: "string", value: expr.value };
      case "paren":
        return this.evaluate(expr.inner, grid);
      case "unary":
        return this.#unary(expr, grid);
      case "binary":
        return evaluateBinary(this, expr, grid);
      case "aggregate":
        return evaluateAggregate(this, expr, grid);
      case "call":
        return evaluateCall(this, expr, grid);
      case "selector":
        return { type: "vector", frame: selectInstant(this, expr, grid) };
      // Only functions and the query itself take ranges, and these ask for their samples directly.
      case "range":
      case "subquery":
        throw new TypeError(`a ${expr.kind} has no value of its own`);
    }
  }

  /** A sign: a plus changes nothing, not even the name; a minus makes of a counter something else. */
  #unary({ op, inner }: UnaryExpr, grid: Grid): EvalValue {
    const value = this.evaluate(inner, grid);
    if (op === "+" || value.type === "string") return value;
    if (value.type === "scalar") return { type: "scalar", values: value.values.map((number) => -number) };
    // A new frame: the argument may be shared with another part of the expression.
    const { frame } = value;
    const out = newFrame(this, grid, frame.rows);
    for (const [row, labels] of frame.labels.entries()) {
      const start = out.addRow(labels, true);
      for (let step = 0; step < grid.steps; step++) {
        const element = frame.get(row * grid.steps + step);
        out.set(
          start + step,
          typeof element === "number" ? -element : element === undefined ? undefined : scaleHistogram(element, -1),
        );
      }
    }
    return { type: "vector", frame: out };
  }
}

/** The value over a grid without steps, as a subquery has whose range is shorter than its step. */
function nothing({ type }: Expr): EvalValue {
  // A string has no steps, but nobody looks at it where there are none.
  if (type === "string") return { type, value: "" };
  return type === "scalar" ? { type, values: new Float64Array(0) } : { type: "vector", frame: new Frame(0, 0) };
}
