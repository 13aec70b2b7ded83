/** Functions that order the series of an instant query; over a range they change nothing. */
import { Cell, type Frame } from "../frame.ts";
import { compareLabels, labelValue } from "../labels.ts";
import { compareNatural } from "../natural-order.ts";
import type { Call, PromqlFunction } from "./function-type.ts";

/** The rows of a vector in another order. */
function reordered(call: Call, frame: Frame, rows: readonly number[]): Frame {
  const out = call.frame(rows.length);
  for (const row of rows) {
    const start = out.addRow(frame.labels[row] ?? [], frame.dropName[row] ?? false);
    for (let step = 0; step < frame.steps; step++) out.copyCell(start + step, frame, row * frame.steps + step);
  }
  return out;
}

/** A function that orders by value. */
function byValue(name: string, doc: string, sign: 1 | -1): PromqlFunction {
  return {
    name,
    doc,
    args: ["vector"],
    result: "vector",
    run: {
      kind: "frame",
      apply(call) {
        const frame = call.vector(0);
        const last = frame.steps - 1;
        const value = (row: number) => frame.value(row * frame.steps + last);
        const rows = [...frame.labels.keys()].filter(
          (row) => frame.steps > 1 || frame.kind(row * frame.steps + last) === Cell.float,
        );
        // A range is sorted by labels when it is shown: only the histograms go.
        if (frame.steps !== 1) return withoutHistograms(call, frame);
        // NaN comes last in either order.
        rows.sort((a, b) => {
          const [x, y] = [value(a), value(b)];
          if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
          return sign * (x - y) || 0;
        });
        return reordered(call, frame, rows);
      },
    },
  };
}

/** A copy without histograms, which have no place in an order of numbers. */
function withoutHistograms(call: Call, frame: Frame): Frame {
  const out = call.frame(frame.rows);
  for (const [row, labels] of frame.labels.entries()) {
    const start = out.addRow(labels, frame.dropName[row] ?? false);
    for (let step = 0; step < frame.steps; step++) {
      const index = row * frame.steps + step;
      if (frame.kind(index) === Cell.float) out.setFloat(start + step, frame.value(index));
    }
  }
  return out;
}

/** A function that orders by labels, then by all labels, so that the order is total. */
function byLabel(name: string, doc: string, sign: 1 | -1): PromqlFunction {
  return {
    name,
    doc,
    args: ["vector", "string"],
    variadic: -1,
    result: "vector",
    experimental: true,
    run: {
      kind: "frame",
      apply(call) {
        const frame = call.vector(0);
        const names = call.expr.args.slice(1).map((_, index) => call.text(index + 1));
        const rows = [...frame.labels.keys()].sort((a, b) => {
          const [left, right] = [frame.labels[a] ?? [], frame.labels[b] ?? []];
          for (const label of names) {
            const order = compareNatural(labelValue(left, label), labelValue(right, label));
            if (order !== 0) return sign * order;
          }
          return sign * compareLabels(left, right);
        });
        return reordered(call, frame, rows);
      },
    },
  };
}

/** Functions of order. */
export const SORT_FUNCTIONS: readonly PromqlFunction[] = [
  byValue("sort", "By value, the smallest first, NaN last.", 1),
  byValue("sort_desc", "By value, the largest first, NaN last.", -1),
  byLabel("sort_by_label", "By labels in their natural order: 2 before 10.", 1),
  byLabel("sort_by_label_desc", "By labels in the reverse of their natural order.", -1),
];
