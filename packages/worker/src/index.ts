/** The worker role: pipelines and exporters over the log, and their account. */
export * from "./accumulation.ts";
export * from "./backlog.ts";
export * from "./create-component.ts";
export { dropBacklog, removedGroups } from "./drop-backlog.ts";
export * from "./groups.ts";
export * from "./ledger.ts";
export * from "./letter-marks.ts";
export * from "./letters.ts";
export * from "./replay/index.ts";
export * from "./replay-letters.ts";
export * from "./run.ts";
export * from "./totals.ts";
