/** Functions about whether there is anything at all, and between scalars and vectors. */
import type { CallExpr, Expr } from "../expr.ts";
import { Cell, type Frame } from "../frame.ts";
import { labelsOf, METRIC_NAME } from "../labels.ts";
import type { Labels } from "../queryable.ts";
import type { Call, PromqlFunction } from "./function-type.ts";

/** The labels that a missing series would have: those that its selector asks for with one `=`. */
function labelsOfAbsent(call: CallExpr): Labels {
  let arg: Expr | undefined = call.args[0];
  // Anything but a selector, such as a sum, asks for no labels.
  while (arg?.kind === "paren") arg = arg.inner;
  if (arg?.kind === "range") arg = arg.selector;
  if (arg?.kind !== "selector") return [];
  // A label that is asked for twice has no value that could be told.
  const found = new Map<string, string>();
  const seen = new Set<string>();
  for (const { name, op, value } of arg.matchers) {
    // The result is no series of that metric, but says that there is none.
    if (name === METRIC_NAME) continue;
    if (op === "=" && !seen.has(name)) found.set(name, value);
    else found.delete(name);
    seen.add(name);
  }
  return labelsOf(found);
}

/** One row with 1 where `present` is false. */
function ofAbsence(call: Call, present: (step: number) => boolean): Frame {
  const out = call.frame(1);
  // There is no name to drop, but Prometheus's own rules treat the result as computed.
  const start = out.addRow(labelsOfAbsent(call.expr), true);
  for (let step = 0; step < call.grid.steps; step++) if (!present(step)) out.setFloat(start + step, 1);
  return out;
}

/** The only number of a vector at a step, NaN when there is none or more than one. */
function onlyNumber(frame: Frame, step: number): number {
  let found = Number.NaN;
  let count = 0;
  for (let row = 0; row < frame.rows; row++) {
    // Histograms are no numbers: a vector of one of each has one number.
    const index = row * frame.steps + step;
    if (frame.kind(index) !== Cell.float) continue;
    found = frame.value(index);
    count++;
  }
  // None and several are alike: there is not the one number that was asked for.
  return count === 1 ? found : Number.NaN;
}

/** A function of two numbers; experimental in Prometheus. */
function ofTwo(name: string, doc: string, apply: (a: number, b: number) => number): PromqlFunction {
  return {
    name,
    doc,
    args: ["scalar", "scalar"],
    result: "scalar",
    experimental: true,
    run: { kind: "scalar", apply: ([a = Number.NaN, b = Number.NaN]) => apply(a, b) },
  };
}

/** Functions of presence, and conversions. */
export const PRESENCE_FUNCTIONS: readonly PromqlFunction[] = [
  {
    name: "absent",
    doc: "1 when the vector has no series; its labels are those that the selector asks for.",
    args: ["vector"],
    result: "vector",
    run: {
      kind: "frame",
      apply(call) {
        const frame = call.vector(0);
        return ofAbsence(call, (step) => {
          // Down the column of the step.
          for (let at = step; at < frame.rows * frame.steps; at += frame.steps)
            if (frame.kind(at) !== Cell.absent) return true;
          return false;
        });
      },
    },
  },
  {
    name: "absent_over_time",
    doc: "1 when no series has a sample in the range; its labels are those that the selector asks for.",
    args: ["matrix"],
    result: "vector",
    run: {
      kind: "frame",
      apply(call) {
        const present = call.anyInRange(0);
        return ofAbsence(call, (step) => present[step] ?? false);
      },
    },
  },
  {
    name: "scalar",
    doc: "The number of a vector of one series, NaN of any other.",
    args: ["vector"],
    result: "scalar",
    run: {
      kind: "frame",
      apply(call) {
        const frame = call.vector(0);
        return Float64Array.from({ length: call.grid.steps }, (_, step) => onlyNumber(frame, step));
      },
    },
  },
  {
    name: "vector",
    doc: "A vector of one series without labels.",
    args: ["scalar"],
    result: "vector",
    run: {
      kind: "frame",
      apply(call) {
        const out = call.frame(1);
        const start = out.addRow([], false);
        for (const [step, value] of call.scalar(0).entries()) out.setFloat(start + step, value);
        return out;
      },
    },
  },
  ofTwo("min_of", "The smaller of two numbers; NaN if either is.", Math.min),
  ofTwo("max_of", "The larger of two numbers; NaN if either is.", Math.max),
];
