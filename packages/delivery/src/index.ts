/** The Layers between a reader and an exporter, one concern each, and the watermark that decides what may be committed. */
export * from "./accumulate.ts";
export * from "./chain.ts";
export * from "./dead-letter.ts";
export * from "./guard.ts";
export * from "./note-unanswered.ts";
export * from "./observe.ts";
export * from "./recurring.ts";
export * from "./retry.ts";
export * from "./timeout.ts";
export * from "./until-taken.ts";
export * from "./watermark.ts";
