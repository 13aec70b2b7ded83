/** The values of a vector over a grid: one row a series, one column a step, in flat arrays instead of an object a sample. */
import type { FloatHistogram } from "./float-histogram.ts";
import type { Labels } from "./queryable.ts";

/** What stands in a cell. */
export const Cell = { absent: 0, float: 1, histogram: 2 } as const;

/** Rows of series over the steps of a grid. Rows may be in any order; no two that share a step have equal labels. */
export class Frame {
  readonly steps: number;
  readonly labels: Labels[] = [];
  /** Whether the metric's name goes at the end: until then `by (__name__)` and matchers still see it. */
  readonly dropName: boolean[] = [];
  /** Row after row; a cell's index is `row * steps + step`. */
  values: Float64Array;
  kinds: Uint8Array;
  /** Sparse; absent when there is no histogram at all. */
  histograms: (FloatHistogram | undefined)[] | undefined;

  /** A frame without rows, with room for `rows` of them. */
  constructor(steps: number, rows: number) {
    this.steps = steps;
    this.values = new Float64Array(rows * steps);
    this.kinds = new Uint8Array(rows * steps);
  }

  /** How many rows it has. */
  get rows(): number {
    return this.labels.length;
  }

  /** Adds a row without values and returns the index of its first cell. */
  addRow(labels: Labels, dropName: boolean): number {
    const start = this.labels.length * this.steps;
    if (start + this.steps > this.values.length) this.#grow();
    this.labels.push(labels);
    this.dropName.push(dropName);
    return start;
  }

  /** Takes back the last row, which must have no values. */
  removeLastRow(): void {
    this.labels.pop();
    this.dropName.pop();
  }

  /** Doubles, so that adding rows one by one costs no more than copying each twice. */
  #grow(): void {
    const size = Math.max(4 * this.steps, 2 * this.values.length);
    const { values, kinds } = this;
    this.values = new Float64Array(size);
    this.values.set(values);
    this.kinds = new Uint8Array(size);
    this.kinds.set(kinds);
  }

  /** Sets a cell to a number. */
  setFloat(index: number, value: number): void {
    this.values[index] = value;
    this.kinds[index] = Cell.float;
  }

  /** Sets a cell to a histogram. */
  setHistogram(index: number, histogram: FloatHistogram): void {
    this.histograms ??= [];
    this.histograms[index] = histogram;
    this.kinds[index] = Cell.histogram;
  }

  /** Sets a cell to what a function returned; undefined leaves it absent. */
  set(index: number, value: number | FloatHistogram | undefined): void {
    if (typeof value === "number") this.setFloat(index, value);
    else if (value !== undefined) this.setHistogram(index, value);
  }

  /** What stands in a cell; see `Cell`. */
  kind(index: number): number {
    return this.kinds[index] ?? Cell.absent;
  }

  /** The number in a cell that holds one. */
  value(index: number): number {
    return this.values[index] ?? Number.NaN;
  }

  /** The histogram in a cell, if it holds one. */
  histogram(index: number): FloatHistogram | undefined {
    return this.kinds[index] === Cell.histogram ? this.histograms?.[index] : undefined;
  }

  /** The content of a cell: number, histogram, or undefined when it is absent. */
  get(index: number): number | FloatHistogram | undefined {
    // The kind decides: both arrays may hold what was there before.
    const kind = this.kinds[index];
    return kind === Cell.float ? this.values[index] : kind === Cell.histogram ? this.histograms?.[index] : undefined;
  }

  /** Copies a cell of another frame. */
  copyCell(index: number, from: Frame, fromIndex: number): void {
    this.set(index, from.get(fromIndex));
  }

  /** Whether a row has no value at any step. */
  isEmpty(row: number): boolean {
    const end = (row + 1) * this.steps;
    for (let at = row * this.steps; at < end; at++) if (this.kinds[at] !== Cell.absent) return false;
    return true;
  }

  /** A frame with the same cells, whose rows may be labelled anew. The cells are shared: for what is done with `this`. */
  relabelled(): Frame {
    const frame = new Frame(this.steps, 0);
    frame.values = this.values;
    frame.kinds = this.kinds;
    frame.histograms = this.histograms;
    frame.labels.push(...this.labels);
    frame.dropName.push(...this.dropName);
    return frame;
  }
}
