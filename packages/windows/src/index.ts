/** Windows: the newest samples of every series that a rule reads, in Redis or on this machine. */
export * from "./store.ts";
