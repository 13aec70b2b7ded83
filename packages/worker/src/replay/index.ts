/** Sending a span of an enriched topic again. */
export * from "./replay-span.ts";
export { oldest, SpanCursor, type SpanRecord } from "./span-cursor.ts";
export { keptFrom, type Span, spanStart } from "./span-start.ts";
