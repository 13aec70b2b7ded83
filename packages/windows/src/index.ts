/** Windows: the newest samples of every series that a rule reads, in Redis or on this machine. */
export * from "./leases.ts";
export { localLeases } from "./local-leases.ts";
export * from "./reader.ts";
export * from "./slot.ts";
export * from "./store.ts";
