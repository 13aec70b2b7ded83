/** The field numbers that the hot paths know by heart. They are the same in all three signals but for the items. */
import type { Signal } from "./signal.ts";

/** Export{Trace,Metrics,Logs}ServiceRequest. */
export const REQUEST = { resources: 1 } as const;
/** Resource{Spans,Metrics,Logs}. */
export const RESOURCE = { resource: 1, scopes: 2, schemaUrl: 3 } as const;
/** Scope{Spans,Metrics,Logs}; `entries` are spans, metrics or log records. */
export const SCOPE = { scope: 1, entries: 2, schemaUrl: 3 } as const;
/** The list of points in every kind of metric data. */
export const POINTS = 1;
/** Resource.attributes. */
export const RESOURCE_ATTRIBUTES = 1;
/** KeyValue. */
export const KEY_VALUE = { key: 1, value: 2 } as const;

/** Metric.data by field number: its name, the message of its points, and the number of a point's attributes. */
export const METRIC_DATA = {
  5: { name: "gauge", point: "NumberDataPoint", attributes: 7 },
  7: { name: "sum", point: "NumberDataPoint", attributes: 7 },
  9: { name: "histogram", point: "HistogramDataPoint", attributes: 9 },
  10: { name: "exponentialHistogram", point: "ExponentialHistogramDataPoint", attributes: 1 },
  11: { name: "summary", point: "SummaryDataPoint", attributes: 7 },
} as const;

/** The field number of a metric's data. */
export type MetricDataField = keyof typeof METRIC_DATA;

/** Whether a field of Metric holds points. */
export function isMetricData(field: number): field is MetricDataField {
  return field in METRIC_DATA;
}

/** The number of `attributes` in an item; for data points it depends on the metric's data. */
export const ITEM_ATTRIBUTES: Readonly<Record<Exclude<Signal, "metrics">, number>> = { traces: 9, logs: 6 };

/** The message types of a signal in the generated table. */
export const SIGNAL_MESSAGES: Readonly<Record<Signal, { request: string; response: string; rejected: string }>> = {
  traces: { request: "ExportTraceServiceRequest", response: "ExportTraceServiceResponse", rejected: "rejectedSpans" },
  metrics: {
    request: "ExportMetricsServiceRequest",
    response: "ExportMetricsServiceResponse",
    rejected: "rejectedDataPoints",
  },
  logs: { request: "ExportLogsServiceRequest", response: "ExportLogsServiceResponse", rejected: "rejectedLogRecords" },
};
