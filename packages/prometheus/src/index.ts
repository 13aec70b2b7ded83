/** From OTLP metrics to Prometheus: names, labels and series, read from the wire bytes with cursors. */
export * from "./series.ts";
