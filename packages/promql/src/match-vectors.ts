/** Operators between the series of two vectors: finds each one's partner, step by step, and names the results. */
import { isComparison } from "./check-types.ts";
import { type Evaluator, newFrame } from "./evaluator.ts";
import type { BinaryExpr, Matching } from "./expr.ts";
import { formatLabels } from "./format-labels.ts";
import { Cell, type Frame } from "./frame.ts";
import type { Grid } from "./grid.ts";
import { compareLabels, labelsKey, labelValue, METRIC_NAME, onlyLabels, withLabel, withoutLabels } from "./labels.ts";
import { changesMeaning, elementOperation } from "./operators.ts";
import { PromqlError } from "./promql-error.ts";
import type { Labels } from "./queryable.ts";
import { matchingLabels, signaturesOf } from "./signatures.ts";

const DEFAULT: Matching = { cardinality: "one-to-one", on: false, labels: [], include: [] };

/** Evaluates an operator between two vectors. Throws `execution` when partners are not unique where they must be. */
export function matchVectors(evaluator: Evaluator, expr: BinaryExpr, grid: Grid, left: Frame, right: Frame): Frame {
  const matching = expr.matching ?? DEFAULT;
  // The side of which there is one a group is called "one", whichever side it is on; the other one is "many".
  const swapped = matching.cardinality === "one-to-many";
  const signatures = signaturesOf(matching, left, right);
  const [many, one] = swapped ? [right, left] : [left, right];
  const [manyGroups, oneGroups] = swapped ? [signatures.right, signatures.left] : [signatures.left, signatures.right];
  // As the reference has it, whichever side is the "one": `fill_left` stands for missing series of the "many" side.
  const { fillLeft: fillMany, fillRight: fillOne } = matching;
  const results = new Results(evaluator, expr, grid, many, one, matching);
  // By group: the row of the "one" side, and whether it has met a row of the "many" side at this step.
  const partners = new Int32Array(signatures.count);
  const matched = new Uint8Array(signatures.count);
  for (let step = 0; step < grid.steps; step++) {
    evaluator.budget.check();
    partners.fill(-1);
    matched.fill(0);
    results.step = step;
    // A group of several series on the "one" side is an error even when nothing on the other side asks for it.
    for (let row = 0; row < one.rows; row++) {
      if (one.kind(row * grid.steps + step) === Cell.absent) continue;
      const group = oneGroups[row] ?? 0;
      const other = partners[group] ?? -1;
      if (other >= 0) throw duplicate(one, row, other, matching, swapped ? "left" : "right");
      partners[group] = row;
    }
    for (let row = 0; row < many.rows; row++) {
      if (many.kind(row * grid.steps + step) === Cell.absent) continue;
      const group = manyGroups[row] ?? 0;
      const partner = partners[group] ?? -1;
      if (partner < 0 && fillOne === undefined) continue;
      if (matching.cardinality === "one-to-one" && matched[group] === 1)
        throw new PromqlError(
          "execution",
          "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)",
        );
      // A pair that yields nothing has met all the same, and needs no filling.
      if (results.add(row, partner, undefined, fillOne)) matched[group] = 1;
    }
    if (fillMany === undefined) continue;
    for (let row = 0; row < one.rows; row++) {
      const group = oneGroups[row] ?? 0;
      if (partners[group] === row && matched[group] === 0) results.add(-1, row, fillMany, undefined);
    }
  }
  return results.frame;
}

/** Names both series, in the order of their labels, so that the message is the same each time. */
function duplicate(one: Frame, row: number, other: number, matching: Matching, side: "left" | "right"): PromqlError {
  const [a = [], b = []] = [one.labels[row] ?? [], one.labels[other] ?? []].sort(compareLabels);
  const group = formatLabels(matchingLabels(matching)(a));
  return new PromqlError(
    "execution",
    `found duplicate series for the match group ${group} on the ${side} hand-side of the operation: ` +
      `[${formatLabels(a)}, ${formatLabels(b)}];many-to-many matching not allowed: matching labels must be unique on one side`,
  );
}

/** Gathers results: the same pair of series yields the same series at every step. */
class Results {
  step = 0;
  readonly frame: Frame;
  readonly #expr: BinaryExpr;
  readonly #many: Frame;
  readonly #one: Frame;
  readonly #matching: Matching;
  readonly #operate: ReturnType<typeof elementOperation>;
  readonly #swapped: boolean;
  readonly #rowOfPair = new Map<number, number>();
  readonly #rowOfKey = new Map<string, number>();
  /** The step at which a row last had a pair, so that a second one at the same step is found. */
  readonly #lastStep: number[] = [];

  constructor(evaluator: Evaluator, expr: BinaryExpr, grid: Grid, many: Frame, one: Frame, matching: Matching) {
    this.frame = newFrame(evaluator, grid, Math.max(many.rows, 1));
    this.#expr = expr;
    this.#many = many;
    this.#one = one;
    this.#matching = matching;
    this.#operate = elementOperation(expr, evaluator.notes);
    this.#swapped = matching.cardinality === "one-to-many";
  }

  /** Adds the result of a pair; -1 is a missing partner, whose value is the fill. False when the two do not go together. */
  add(many: number, one: number, fillMany: number | undefined, fillOne: number | undefined): boolean {
    const { steps } = this.frame;
    const manyValue = many < 0 ? fillMany : this.#many.get(many * steps + this.step);
    const oneValue = one < 0 ? fillOne : this.#one.get(one * steps + this.step);
    if (manyValue === undefined || oneValue === undefined) return false;
    const outcome = this.#swapped ? this.#operate(oneValue, manyValue) : this.#operate(manyValue, oneValue);
    if (outcome === undefined) return false;
    const row = this.#row(many, one);
    if (this.#lastStep[row] === this.step)
      throw new PromqlError("execution", "multiple matches for labels: grouping labels must ensure unique matches");
    this.#lastStep[row] = this.step;
    const index = row * steps + this.step;
    if (this.#expr.bool) this.frame.setFloat(index, outcome.keep ? 1 : 0);
    else if (outcome.keep) this.frame.set(index, outcome.value);
    return true;
  }

  #row(many: number, one: number): number {
    // Which series meet may change from step to step, but there are few pairs: the labels of each are worked out once.
    // One is added because -1 is the partner that is missing.
    const pair = (many + 1) * (this.#one.rows + 1) + one + 1;
    const known = this.#rowOfPair.get(pair);
    if (known !== undefined) return known;
    const labels = this.#labels(many, one);
    const key = labelsKey(labels);
    // Other pairs may yield the same labels at other steps: they are one series of the result.
    let row = this.#rowOfKey.get(key);
    if (row === undefined) {
      row = this.frame.rows;
      // A comparison passes its left side through, and with it what was to happen to its name.
      const keeps = isComparison(this.#expr.op) && many >= 0;
      this.frame.addRow(labels, this.#expr.bool || (keeps && (this.#many.dropName[many] ?? false)));
      this.#rowOfKey.set(key, row);
      this.#lastStep.push(-1);
    }
    this.#rowOfPair.set(pair, row);
    return row;
  }

  /** The labels of a result: those of the "many" side, less what is matched by or changed, plus what is taken over. */
  #labels(many: number, one: number): Labels {
    const matching = this.#matching;
    const compared = matchingLabels(matching);
    // A series that is filled in has no labels but those that are matched by.
    const oneLabels = one < 0 ? [] : (this.#one.labels[one] ?? []);
    let labels = many < 0 ? compared(oneLabels) : (this.#many.labels[many] ?? []);
    // What is computed has no name at once; there is nothing that could still ask for it.
    if (changesMeaning(this.#expr.op)) labels = withLabel(labels, METRIC_NAME, "");
    if (matching.cardinality === "one-to-one") {
      const names = new Set(matching.labels);
      labels = matching.on ? onlyLabels(labels, names) : withoutLabels(labels, names);
    }
    const partner = one < 0 ? compared(this.#many.labels[many] ?? []) : oneLabels;
    // A label that the "one" side does not have is taken away, not left from the "many" side.
    for (const name of matching.include) labels = withLabel(labels, name, labelValue(partner, name));
    return labels;
  }
}
