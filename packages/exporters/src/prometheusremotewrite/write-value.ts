/** The parts of a message that both versions of remote write spell alike. */
import { Wire, type Writer } from "@rondo/otlp";
import type { SeriesKind } from "@rondo/prometheus";
import { isStale, STALE_BITS } from "@rondo/promql";

/** `MetricMetadata.MetricType` of version 1, `Metadata.MetricType` of version 2. */
export const METRIC_TYPES: Readonly<Record<SeriesKind, number>> = {
  unknown: 0,
  counter: 1,
  gauge: 2,
  histogram: 3,
  summary: 5,
  info: 6,
};

/** Writes a field of a double. A stale marker keeps its bits, which a number on its way through the machine may lose. */
export function writeValue(out: Writer, field: number, value: number): void {
  out.tag(field, Wire.fixed64);
  if (isStale(value)) out.fixed64(STALE_BITS);
  else out.double(value);
}

/** Writes a field of milliseconds. */
export function writeTime(out: Writer, field: number, time: number): void {
  out.tag(field, Wire.varint).varint(time);
}
