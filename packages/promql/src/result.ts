/** What an evaluation yields. */
import type { FloatHistogram } from "./float-histogram.ts";
import type { Labels, SampleSeries } from "./queryable.ts";

/** One element of an instant vector. */
export interface VectorSample {
  readonly labels: Labels;
  readonly value: number;
  /** Present when the element is a native histogram; `value` then says nothing. */
  readonly histogram?: FloatHistogram;
}

/** A value at a time (milliseconds since the epoch), or over a range as a matrix. Series of a vector come in no promised order unless sorted. */
export type Value =
  | { readonly type: "scalar"; readonly at: number; readonly value: number }
  | { readonly type: "string"; readonly at: number; readonly value: string }
  | { readonly type: "vector"; readonly at: number; readonly samples: readonly VectorSample[] }
  | { readonly type: "matrix"; readonly series: readonly SampleSeries[] };

/** A value with what the engine noticed on the way, each ending with the place: `… (1:7)`. */
export interface Result {
  readonly value: Value;
  /** Probably wrong results. Each begins with `PromQL warning: `. */
  readonly warnings: readonly string[];
  /** Possibly surprising results. Each begins with `PromQL info: `. */
  readonly infos: readonly string[];
}
