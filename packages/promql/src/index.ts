/** PromQL: lexer, parser, typed tree and evaluator. It reads samples through `Queryable` and touches nothing else. */
export * from "./evaluate.ts";
export * from "./expr.ts";
export * from "./float-histogram.ts";
export * from "./format-expr.ts";
export * from "./labels.ts";
export * from "./parse-expr.ts";
export * from "./promql-error.ts";
export * from "./queryable.ts";
export * from "./result.ts";
export * from "./selectors-of.ts";
export * from "./stale-nan.ts";
