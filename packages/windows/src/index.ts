/** Windows: the newest samples of every series that a rule reads, in Redis or on this machine. */
export * from "./leases.ts";
export { localLeases } from "./local-leases.ts";
export * from "./slot.ts";
export * from "./store.ts";
export * from "./window-reader.ts";
export { KEEP_REACH_MS, type KeptSelector, WindowSelectors, type WindowSelectorsOptions } from "./window-selectors.ts";
