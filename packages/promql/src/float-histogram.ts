/**
 * Native histograms with float counts, as Prometheus evaluates them: exponential buckets of a resolution (`schema`), or
 * buckets with explicit bounds (`schema` -53). https://prometheus.io/docs/specs/native_histograms
 */

/** Buckets that follow each other: `offset` empty ones are skipped first, then come `length` that are counted. */
export interface BucketSpan {
  readonly offset: number;
  readonly length: number;
}

/** What a histogram says of counter resets before it. */
export type ResetHint = "unknown" | "reset" | "not_reset" | "gauge";

/** The schema of histograms whose bounds are `customValues`. */
export const CUSTOM_BUCKETS = -53;

/** One native histogram. Immutable: arithmetic makes new ones. */
export interface FloatHistogram {
  /** Resolution −4…8 of exponential buckets, or `CUSTOM_BUCKETS`. */
  readonly schema: number;
  readonly resetHint: ResetHint;
  readonly count: number;
  readonly sum: number;
  /** Observations within ±`zeroThreshold`. */
  readonly zeroCount: number;
  readonly zeroThreshold: number;
  readonly positiveSpans: readonly BucketSpan[];
  /** Counts, not deltas; as many as the spans are long. */
  readonly positiveBuckets: readonly number[];
  readonly negativeSpans: readonly BucketSpan[];
  readonly negativeBuckets: readonly number[];
  /** Upper bounds of custom buckets, ascending, without +Inf; empty with an exponential schema. */
  readonly customValues: readonly number[];
}
