/** What a translation of OTLP metrics gives its reader: series whose labels are made once, and their samples. */
import type { Labels } from "@rondo/promql";

/** A series that a translator has met. The same series is the same object for as long as the translator remembers it. */
export interface Series {
  readonly labels: Labels;
  /** The Prometheus type, for metadata. */
  readonly kind: "counter" | "gauge" | "histogram" | "summary" | "info" | "unknown";
}

/** Receives what a request holds, in its order. */
export interface SeriesReader {
  /** One sample; `time` in milliseconds since the epoch. A stale marker has the bits of Prometheus's StaleNaN. */
  sample(series: Series, time: number, value: number): void;
}
