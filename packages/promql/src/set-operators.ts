/** `and`, `or`, `unless`: which series of two vectors are in the result, step by step. Values stay as they are. */

import { type Evaluator, newFrame } from "./evaluator.ts";
import type { BinaryExpr, Matching } from "./expr.ts";
import { Cell, type Frame } from "./frame.ts";
import type { Grid } from "./grid.ts";
import { mergeRows } from "./merge-rows.ts";
import { signaturesOf } from "./signatures.ts";

const DEFAULT: Matching = { cardinality: "many-to-many", on: false, labels: [], include: [] };

/** For every step, which groups have a series with a value. */
function presence(frame: Frame, groups: Int32Array, count: number): Uint8Array {
  const present = new Uint8Array(count * frame.steps);
  for (let row = 0; row < frame.rows; row++)
    for (let step = 0; step < frame.steps; step++)
      if (frame.kind(row * frame.steps + step) !== Cell.absent) present[(groups[row] ?? 0) * frame.steps + step] = 1;
  return present;
}

/** Evaluates a set operator. Throws `execution` when the result has two series with the same labels. */
export function combineSets(evaluator: Evaluator, expr: BinaryExpr, grid: Grid, left: Frame, right: Frame): Frame {
  const { steps } = grid;
  // Names are never compared: `a or b` is about what the two have in common.
  const signatures = signaturesOf(expr.matching ?? DEFAULT, left, right);
  const out = newFrame(evaluator, grid, left.rows + (expr.op === "or" ? right.rows : 0));
  // Takes over the cells whose group is present, or is not, on the other side at that step.
  const copy = (from: Frame, groups: Int32Array, others: Uint8Array | undefined, wanted: 0 | 1) => {
    for (const [row, labels] of from.labels.entries()) {
      const start = out.addRow(labels, from.dropName[row] ?? false);
      const group = (groups[row] ?? 0) * steps;
      let any = false;
      for (let step = 0; step < steps; step++) {
        const index = row * steps + step;
        if (from.kind(index) === Cell.absent || (others !== undefined && others[group + step] !== wanted)) continue;
        out.copyCell(start + step, from, index);
        any = true;
      }
      if (!any) out.removeLastRow();
    }
  };
  if (expr.op !== "or") {
    copy(left, signatures.left, presence(right, signatures.right, signatures.count), expr.op === "and" ? 1 : 0);
    return out;
  }
  copy(left, signatures.left, undefined, 1);
  copy(right, signatures.right, presence(left, signatures.left, signatures.count), 0);
  // Both sides may have the same series at different steps.
  return mergeRows(out);
}
