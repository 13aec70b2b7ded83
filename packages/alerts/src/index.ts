/** The alert worker: Prometheus rules evaluated from the windows, and Alertmanager told of it. */
export * from "./rule-file.ts";
export * from "./rule-group.ts";
export * from "./run.ts";
export { type Slots, slotsOf } from "./slots.ts";
export type { Template } from "./template/template.ts";
