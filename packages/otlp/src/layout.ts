/** The field numbers that the hot paths know by heart. They are the same in all three signals but for the items. */
import { type Cursor, Wire } from "./cursor.ts";
import type { Carried, Signal } from "./signal.ts";

/** Export{Trace,Metrics,Logs}ServiceRequest. */
export const REQUEST = { resources: 1 } as const;
/** Resource{Spans,Metrics,Logs}. */
export const RESOURCE = { resource: 1, scopes: 2, schemaUrl: 3 } as const;
/** Scope{Spans,Metrics,Logs}; `entries` are spans, metrics or log records. */
export const SCOPE = { scope: 1, entries: 2, schemaUrl: 3 } as const;
/** What partitions read of a Span. */
export const SPAN = { traceId: 1 } as const;
/** The list of points in every kind of metric data. */
export const POINTS = 1;
/** The aggregation temporality of every kind of metric data that has one. */
export const TEMPORALITY = 2;
/** Resource.attributes. */
export const RESOURCE_ATTRIBUTES = 1;
/** InstrumentationScope.attributes. */
export const SCOPE_ATTRIBUTES = 3;
/** KeyValue. */
export const KEY_VALUE = { key: 1, value: 2 } as const;

/** Metric.data by field number: its name and message, the message of its points, and the number of a point's attributes. */
export const METRIC_DATA = {
  5: { name: "gauge", message: "Gauge", point: "NumberDataPoint", attributes: 7 },
  7: { name: "sum", message: "Sum", point: "NumberDataPoint", attributes: 7 },
  9: { name: "histogram", message: "Histogram", point: "HistogramDataPoint", attributes: 9 },
  10: {
    name: "exponentialHistogram",
    message: "ExponentialHistogram",
    point: "ExponentialHistogramDataPoint",
    attributes: 1,
  },
  11: { name: "summary", message: "Summary", point: "SummaryDataPoint", attributes: 7 },
} as const;

/** Of a point's flags: DataPointFlags.DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK. */
export const NO_RECORDED_VALUE = 1;

/** The field number of a metric's data. */
export type MetricDataField = keyof typeof METRIC_DATA;

/** The field numbers of METRIC_DATA as bits: the test stands in the hottest loops. */
const DATA_BITS = Object.keys(METRIC_DATA).reduce((bits, field) => bits | (1 << Number(field)), 0);

/** Whether a field of Metric holds points. */
export function isMetricData(field: number): field is MetricDataField {
  return field < 32 && ((DATA_BITS >>> field) & 1) === 1;
}

/** Whether the current field of a container is one that leads to items. */
export type IsChild = (field: Cursor) => boolean;

/** Of the request: a resource with its items. */
export const isResource: IsChild = (field) => field.is(REQUEST.resources, Wire.bytes);
/** Of a resource with its items: a scope with its items. */
export const isScope: IsChild = (field) => field.is(RESOURCE.scopes, Wire.bytes);
/** Of a scope with its items: a span, log record or metric. */
export const isEntry: IsChild = (field) => field.is(SCOPE.entries, Wire.bytes);
/** Of a metric: its data. */
export const isData: IsChild = (field) => field.wire === Wire.bytes && isMetricData(field.field);
/** Of a metric's data: a point. */
export const isPoint: IsChild = (field) => field.is(POINTS, Wire.bytes);

/** The number of `attributes` in an item; for data points it depends on the metric's data. */
export const ITEM_ATTRIBUTES: Readonly<Record<Exclude<Signal, "metrics">, number>> = { traces: 9, logs: 6 };

/** The message types of a signal in the generated table. */
export const SIGNAL_MESSAGES: Readonly<Record<Signal, { request: string; response: string }>> = {
  traces: { request: "ExportTraceServiceRequest", response: "ExportTraceServiceResponse" },
  metrics: { request: "ExportMetricsServiceRequest", response: "ExportMetricsServiceResponse" },
  logs: { request: "ExportLogsServiceRequest", response: "ExportLogsServiceResponse" },
};

/** What the number of rejected items is called in the JSON form of a response. */
export const REJECTED: Readonly<Record<Carried, string>> = {
  traces: "rejectedSpans",
  metrics: "rejectedDataPoints",
  logs: "rejectedLogRecords",
  profiles: "rejectedProfiles",
};

/** From the request inwards: which fields lead to the items, and at last are the items. */
export const LEVELS: Readonly<Record<Signal, readonly IsChild[]>> = {
  traces: [isResource, isScope, isEntry],
  metrics: [isResource, isScope, isEntry, isData, isPoint],
  logs: [isResource, isScope, isEntry],
};

/** By depth, the number of the only field that leads on; 0 where several do. */
export const CHILD_FIELD: readonly number[] = [REQUEST.resources, RESOURCE.scopes, SCOPE.entries, 0, POINTS];
