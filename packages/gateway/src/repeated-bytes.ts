/** Measures what cutting a request would repeat around its items, so that no small request can be made to grow into a huge one. */
import { Cursor, type Signal, Wire } from "@rondo/otlp";

/** Fields of Metric.data, and the list of points in each. opentelemetry-proto, metrics.proto. */
const METRIC_DATA: ReadonlySet<number> = new Set([5, 7, 9, 10, 11]);

/** Whether the current field of a container leads towards items; one test per level, outermost first. */
type LeadsOn = (field: Cursor) => boolean;

/** Request → resource → scope: the same field numbers in all signals; then, for metrics, metric → data → points. */
const LEVELS: readonly LeadsOn[] = [
  (field) => field.is(1, Wire.bytes),
  (field) => field.is(2, Wire.bytes),
  (field) => field.is(2, Wire.bytes),
];
const METRIC_LEVELS: readonly LeadsOn[] = [
  ...LEVELS,
  (field) => field.wire === Wire.bytes && METRIC_DATA.has(field.field),
  (field) => field.is(1, Wire.bytes),
];

/**
 * The most bytes that stand around any one item – resource, scope and metric fields – in a request that was validated.
 * `splitRequest` repeats them in every piece.
 */
export function repeatedBytes(signal: Signal, body: Uint8Array): number {
  const levels = signal === "metrics" ? METRIC_LEVELS : LEVELS;
  // The request's own stray fields stand once; what is inside an item is no level.
  return heaviest(new Cursor(body), levels, 0, body);
}

/** Of the message that `at` stands before: its own fields that lead nowhere, and the heaviest child. */
function heaviest(at: Cursor, levels: readonly LeadsOn[], depth: number, body: Uint8Array): number {
  const leadsOn = levels[depth];
  if (leadsOn === undefined) return 0;
  const child = new Cursor(body);
  let own = 0;
  let below = 0;
  while (at.next()) {
    if (!leadsOn(at)) own += at.stop - at.at;
    else if (depth + 1 < levels.length) below = Math.max(below, heaviest(child.enter(at), levels, depth + 1, body));
  }
  return own + below;
}
