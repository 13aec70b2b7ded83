/** PromQL: lexer, parser, typed tree and evaluator. It reads samples through `Queryable` and touches nothing else. */
export { type Deadline, MAX_SAMPLES } from "./budget.ts";
export { formatDuration, parseDuration } from "./duration-text.ts";
export * from "./evaluate.ts";
export * from "./expr.ts";
export * from "./float-histogram.ts";
export * from "./format-expr.ts";
export * from "./format-histogram.ts";
export * from "./format-labels.ts";
export { combineHistograms, wasReset } from "./histogram-arithmetic.ts";
export { bucketCounts, pack as packBuckets } from "./histogram-buckets.ts";
export * from "./labels.ts";
export { matcher } from "./matcher.ts";
export * from "./parse-expr.ts";
export * from "./promql-error.ts";
export * from "./queryable.ts";
export * from "./result.ts";
export * from "./selectors-of.ts";
export * from "./stale-nan.ts";
