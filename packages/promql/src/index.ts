/** PromQL: lexer, parser, typed tree and evaluator. It reads samples through `Queryable` and touches nothing else. */
export * from "./queryable.ts";
export * from "./stale-nan.ts";
