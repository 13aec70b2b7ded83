/** Windows: the newest samples of every series that a rule reads, in Redis or on this machine. */
export { AHEAD_MS } from "./gathered-samples.ts";
export { readKeepSelectors } from "./keep-selectors.ts";
export * from "./leases.ts";
export { localLeases } from "./local-leases.ts";
export type { PipelineSource } from "./pipeline-progress.ts";
export * from "./slot.ts";
export { slotExpiryMs } from "./slot-expiry.ts";
export * from "./store.ts";
export * from "./window-reader.ts";
export { KEEP_REACH_MS, type KeptSelector, WindowSelectors, type WindowSelectorsOptions } from "./window-selectors.ts";
export { runWindowsClaim, type WindowsWriterOptions } from "./writer.ts";
