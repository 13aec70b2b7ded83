/** The log interface and its names. The brokers themselves are entry points of their own: `@rondo/broker/embedded`. */
export * from "./letter.ts";
export * from "./log.ts";
export * from "./loss.ts";
export * from "./names.ts";
export * from "./new-value.ts";
export * from "./record.ts";
export * from "./record-bytes.ts";
export * from "./retired.ts";
export * from "./settled-origin.ts";
export * from "./state.ts";
