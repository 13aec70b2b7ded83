/** What Rondo shows of itself: metrics from one table, logs, readiness, and the two pages that serve them. */
export * from "./exposition.ts";
export * from "./health.ts";
export * from "./log.ts";
export * from "./log-destination.ts";
export * from "./log-value.ts";
export * from "./metrics.ts";
export * from "./metrics-server.ts";
export * from "./once-every.ts";
export * from "./page-server.ts";
export * from "./process-memory.ts";
export * from "./process-metrics.ts";
export * from "./readiness.ts";
export * from "./registry.ts";
