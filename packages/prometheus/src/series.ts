/** What a translation of OTLP metrics gives its reader: series whose labels are made once, and their samples. */
import type { Labels } from "@rondo/promql";

/** The type of a Prometheus metric. */
export type SeriesKind = "counter" | "gauge" | "histogram" | "summary" | "info" | "unknown";

/** What series of one metric have in common: the name without `_bucket`, `_sum` and the like, and its metadata. */
export interface Family {
  readonly name: string;
  readonly kind: SeriesKind;
  /** The unit as Prometheus spells it, such as `seconds`; "" when there is none. */
  readonly unit: string;
  /** OTLP's description; "" when there is none. */
  readonly help: string;
}

/** A series that a translator has met. The same series is the same object for as long as the translator remembers it. */
export interface Series {
  /** With the whole name, suffix and all, as `__name__`. */
  readonly labels: Labels;
  readonly family: Family;
}

/** A measurement that was recorded with a point, and the trace it belongs to. */
export interface Exemplar {
  /** `trace_id` and `span_id` in hex, and filtered attributes where all of it fits 128 characters. */
  readonly labels: Labels;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly value: number;
}

/** Receives what a request holds, in its order. What throws out of it ends the translation. */
export interface SeriesReader {
  /** One sample; `time` in milliseconds since the epoch. A stale marker has the bits of `STALE_NAN`. */
  sample(series: Series, time: number, value: number): void;
  /** Exemplars are read only for a reader that takes them. The samples of their point come first. */
  exemplar?(series: Series, exemplar: Exemplar): void;
  /** All samples of one data point were given. Samples of `target_info` stand in no point and come last. */
  pointEnd?(): void;
}

/** Why data points have no samples. */
export const REFUSAL_REASONS = {
  delta_temporality: "Prometheus has cumulative values only, and the metric is of delta or unspecified temporality.",
  exponential_histogram: "Exponential histograms are not translated.",
  no_name: "The metric has no name, or one of which nothing is left as a Prometheus name.",
  invalid_point: "The point contradicts itself: bounds and buckets do not fit, or it has no value.",
} as const;

/** One of the reasons above. */
export type RefusalReason = keyof typeof REFUSAL_REASONS;

/** Data points without samples. */
export interface Refusal {
  readonly reason: RefusalReason;
  readonly points: number;
  /** The OTLP name of the first metric that this happened to. */
  readonly metric: string;
}

/** What became of the data points of one request: `points` is all of them, those of `refusals` too. */
export interface Translation {
  readonly points: number;
  /** Given to the reader, those of `target_info` too. */
  readonly samples: number;
  /** One for each reason. */
  readonly refusals: readonly Refusal[];
}
