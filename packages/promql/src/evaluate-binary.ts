/** Binary operators, by the types of their sides. */
import { isComparison, isSetOp } from "./check-types.ts";
import { type Evaluator, type EvalValue, newFrame, scalarOf, vectorOf } from "./evaluator.ts";
import type { BinaryExpr } from "./expr.ts";
import type { Frame } from "./frame.ts";
import type { Grid } from "./grid.ts";
import { matchVectors } from "./match-vectors.ts";
import { changesMeaning, elementOperation, operateNumbers } from "./operators.ts";
import { combineSets } from "./set-operators.ts";

/** Evaluates an operator between two expressions. Throws a PromqlError when series do not match as they must. */
export function evaluateBinary(evaluator: Evaluator, expr: BinaryExpr, grid: Grid): EvalValue {
  const { left, right, op } = expr;
  if (left.type === "scalar" && right.type === "scalar") {
    const [a, b] = [scalarOf(evaluator, left, grid), scalarOf(evaluator, right, grid)];
    return { type: "scalar", values: a.map((value, step) => operateNumbers(op, value, b[step] ?? Number.NaN)) };
  }
  if (left.type === "vector" && right.type === "vector") {
    const [a, b] = [vectorOf(evaluator, left, grid), vectorOf(evaluator, right, grid)];
    const frame = isSetOp(op) ? combineSets(evaluator, expr, grid, a, b) : matchVectors(evaluator, expr, grid, a, b);
    return { type: "vector", frame };
  }
  return { type: "vector", frame: withScalar(evaluator, expr, grid) };
}

/** A vector with a number on one side: every element by itself. */
function withScalar(evaluator: Evaluator, expr: BinaryExpr, grid: Grid): Frame {
  const scalarLeft = expr.left.type === "scalar";
  // In the order of the text, so that what they notice comes in it.
  const first = scalarLeft ? scalarOf(evaluator, expr.left, grid) : vectorOf(evaluator, expr.left, grid);
  const second = scalarLeft ? vectorOf(evaluator, expr.right, grid) : scalarOf(evaluator, expr.right, grid);
  const [frame, scalars] = first instanceof Float64Array ? [second, first] : [first, second];
  if (frame instanceof Float64Array || !(scalars instanceof Float64Array)) throw new TypeError("two scalars");
  // Made once: the operator is looked up here, not at every element.
  const operate = elementOperation(expr, evaluator.notes);
  // Whichever side it is on: `90 < cpu` yields the values of cpu.
  const compares = isComparison(expr.op);
  const out = newFrame(evaluator, grid, frame.rows);
  // `bool` answers a question about a metric, which is no value of the metric.
  const renames = changesMeaning(expr.op) || expr.bool;
  for (const [row, labels] of frame.labels.entries()) {
    const start = out.addRow(labels, renames || (frame.dropName[row] ?? false));
    for (let step = 0; step < grid.steps; step++) {
      const element = frame.get(row * grid.steps + step);
      if (element === undefined) continue;
      const scalar = scalars[step] ?? Number.NaN;
      const outcome = scalarLeft ? operate(scalar, element) : operate(element, scalar);
      if (outcome === undefined) continue;
      if (expr.bool) out.setFloat(start + step, outcome.keep ? 1 : 0);
      // A comparison yields the element that it let through, whichever side that is on.
      else if (outcome.keep) out.set(start + step, compares ? element : outcome.value);
    }
    if (out.isEmpty(out.rows - 1)) out.removeLastRow();
  }
  return out;
}
