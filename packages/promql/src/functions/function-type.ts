/** What a function is: its name, types, words for the reader, and its body, in one entry of a table. */
import type { CallExpr, Expr, ValueType } from "../expr.ts";
import type { FloatHistogram } from "../float-histogram.ts";
import type { Frame } from "../frame.ts";
import type { Grid } from "../grid.ts";
import type { Notes } from "../notes.ts";
import type { Labels } from "../queryable.ts";
import type { Window } from "../window.ts";

/** The range of the query as a whole, milliseconds: what `start()`, `end()`, `step()` and `range()` tell. */
export interface QueryTimes {
  readonly from: number;
  readonly until: number;
  /** 0 for an instant query. */
  readonly stepMs: number;
}

/** Where a body says what it notices. */
export interface Report {
  readonly notes: Notes;
  /** The call; its arguments are the places of most notes. */
  readonly expr: CallExpr;
}

/** A call whose body works on whole vectors. Arguments are evaluated when they are asked for. */
export interface Call extends Report {
  readonly grid: Grid;
  readonly times: QueryTimes;
  /** The vector that argument `index` is. */
  vector(index: number): Frame;
  /** The values of argument `index` at every step. */
  scalar(index: number): Float64Array;
  /** The string that argument `index` is. */
  text(index: number): string;
  /** As `vector`, with the time of each sample in milliseconds as its value: that of the sample itself for a selector. */
  sampleTimes(index: number): Frame;
  /** Whether any series of the range that argument `index` is has a sample, at every step. */
  anyInRange(index: number): readonly boolean[];
  /** The series of the info metrics that `info()` joins, with the times of their samples as values, milliseconds. */
  infoTimes(): Frame;
  /** A frame without rows for the result. */
  frame(rows: number): Frame;
}

/** The value of a cell; undefined leaves it absent. */
export type CellValue = number | FloatHistogram | undefined;

/** The body of a function, by what it looks at. */
export type Body =
  /** Numbers to a number, at every step. */
  | { readonly kind: "scalar"; apply(params: readonly number[], atMs: number, times: QueryTimes): number }
  /** The numbers of a vector one by one; histograms are left out, the name goes. Without a vector: the time of the step. */
  | { readonly kind: "element"; apply(value: number, params: readonly number[]): number | undefined }
  /** The histograms of a vector one by one; numbers are left out, the name goes. */
  | { readonly kind: "histogram"; apply(histogram: FloatHistogram): number }
  /** The samples of a range, series by series. */
  | {
      readonly kind: "window";
      readonly keepsName?: boolean;
      /** The ways of taking the ends of a range that it knows. */
      readonly extended?: readonly ("anchored" | "smoothed")[];
      apply(window: Window, params: readonly number[], report: Report): CellValue;
      /** Looks at a series that had a number as a result. */
      check?(labels: Labels, report: Report): void;
    }
  /** Whole vectors. */
  | { readonly kind: "frame"; apply(call: Call): Frame | Float64Array }
  /** Known, but not there yet. */
  | { readonly kind: "unbuilt" };

/** A function of the language. */
export interface PromqlFunction {
  readonly name: string;
  /** One sentence for the reference. */
  readonly doc: string;
  /** The types of its arguments; with `variadic`, the last may be left out. */
  readonly args: readonly ValueType[];
  /** How often the last argument may come, from not at all; -1 is any number. 0, the default: exactly once. */
  readonly variadic?: number;
  readonly result: ValueType;
  /** Prometheus has it behind a flag. */
  readonly experimental?: boolean;
  readonly run: Body;
}

/** The argument of a call. Throws when there is none, which the parser has ruled out. */
export function argument(expr: CallExpr, index: number): Expr {
  const arg = expr.args[index];
  if (arg === undefined) throw new RangeError(`${expr.name} has no argument ${index}`);
  return arg;
}
