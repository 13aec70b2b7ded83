/** What the engine asks of its data: series by matchers and time. Whoever holds samples implements it; the engine does no I/O. */
import type { FloatHistogram } from "./float-histogram.ts";

/** Labels as pairs sorted by name, names unique, no value empty. The metric's name is the value of `__name__`. */
export type Labels = readonly (readonly [name: string, value: string])[];

/** The four matcher operators. */
export type MatchOp = "=" | "!=" | "=~" | "!~";

/** One matcher of a selector. A label that is absent has the empty value. Regular expressions are RE2, anchored, dot-all. */
export interface Matcher {
  readonly name: string;
  readonly op: MatchOp;
  /** As written, unquoted. */
  readonly value: string;
  matches(value: string): boolean;
}

/** A series with samples. Times ascend strictly; a stale marker is the NaN with the bits of `STALE_NAN`. */
export interface SampleSeries {
  readonly labels: Labels;
  /** Milliseconds since the epoch. */
  readonly times: Float64Array;
  /** The value at the same index. */
  readonly values: Float64Array;
  /**
   * When the counter of the number at the same index began to count, milliseconds since the epoch; 0 where that is not known.
   * A counter that began later than the sample before it was reset, even if it did not fall. Absent: nothing is known.
   */
  readonly startTimes?: Float64Array;
  /** Native histograms: where one stands at an index, that sample is it and `values` says nothing there. Absent: none. */
  readonly histograms?: readonly (FloatHistogram | undefined)[];
}

/** A span of time in milliseconds since the epoch: later than `after`, up to and including `until`. */
export interface TimeSpan {
  readonly after: number;
  readonly until: number;
}

/** Where the engine gets its samples. */
export interface Queryable {
  /** Series that match and have at least one sample in the span. It may return samples outside the span as well. */
  select(matchers: readonly Matcher[], span: TimeSpan): Promise<readonly SampleSeries[]>;
}
