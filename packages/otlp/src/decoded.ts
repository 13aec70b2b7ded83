/**
 * OTLP requests as objects: what the generated codec gives, typed. Field names are those of OTLP/JSON; 64-bit integers are
 * bigints, ids and bytes Uint8Arrays, lists always there and everything else undefined when the wire does not have it.
 */
import type { Signal } from "./signal.ts";

/** AnyValue: at most one member is set; none is the empty value. */
export interface DecodedValue {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: bigint;
  readonly doubleValue?: number;
  readonly arrayValue?: { readonly values: readonly DecodedValue[] };
  readonly kvlistValue?: { readonly values: readonly DecodedAttribute[] };
  readonly bytesValue?: Uint8Array;
}

/** KeyValue: an attribute, or an entry of a map. */
export interface DecodedAttribute {
  readonly key?: string;
  readonly value?: DecodedValue;
}

/** What has attributes, and may have lost some to a limit. */
export interface DecodedAttributes {
  readonly attributes: readonly DecodedAttribute[];
  readonly droppedAttributesCount?: number;
}

/** EntityRef: which attributes of the resource identify and describe an entity. */
export interface DecodedEntityRef {
  readonly schemaUrl?: string;
  readonly type?: string;
  readonly idKeys: readonly string[];
  readonly descriptionKeys: readonly string[];
}

/** Resource: what the telemetry is about. */
export interface DecodedResource extends DecodedAttributes {
  readonly entityRefs: readonly DecodedEntityRef[];
}

/** InstrumentationScope: the library that produced it. */
export interface DecodedScope extends DecodedAttributes {
  readonly name?: string;
  readonly version?: string;
}

/** Span.Event. */
export interface DecodedEvent extends DecodedAttributes {
  readonly timeUnixNano?: bigint;
  readonly name?: string;
}

/** Span.Link. */
export interface DecodedLink extends DecodedAttributes {
  readonly traceId?: Uint8Array;
  readonly spanId?: Uint8Array;
  readonly traceState?: string;
  readonly flags?: number;
}

/** Span; `kind` is a SpanKind, `status.code` a StatusCode. */
export interface DecodedSpan extends DecodedAttributes {
  readonly traceId?: Uint8Array;
  readonly spanId?: Uint8Array;
  readonly traceState?: string;
  readonly parentSpanId?: Uint8Array;
  readonly flags?: number;
  readonly name?: string;
  readonly kind?: number;
  readonly startTimeUnixNano?: bigint;
  readonly endTimeUnixNano?: bigint;
  readonly events: readonly DecodedEvent[];
  readonly droppedEventsCount?: number;
  readonly links: readonly DecodedLink[];
  readonly droppedLinksCount?: number;
  readonly status?: { readonly message?: string; readonly code?: number };
}

/** LogRecord; `severityNumber` is a SeverityNumber from 1 to 24. */
export interface DecodedLogRecord extends DecodedAttributes {
  readonly timeUnixNano?: bigint;
  readonly observedTimeUnixNano?: bigint;
  readonly severityNumber?: number;
  readonly severityText?: string;
  readonly body?: DecodedValue;
  readonly flags?: number;
  readonly traceId?: Uint8Array;
  readonly spanId?: Uint8Array;
  readonly eventName?: string;
}

/** Exemplar: one observation that stands for a point. */
export interface DecodedExemplar {
  readonly filteredAttributes: readonly DecodedAttribute[];
  readonly timeUnixNano?: bigint;
  readonly asDouble?: number;
  readonly asInt?: bigint;
  readonly spanId?: Uint8Array;
  readonly traceId?: Uint8Array;
}

/** What all five kinds of points have. */
export interface DecodedPointBase {
  readonly attributes: readonly DecodedAttribute[];
  readonly startTimeUnixNano?: bigint;
  readonly timeUnixNano?: bigint;
  /** A mask of DataPointFlags. */
  readonly flags?: number;
}

/** NumberDataPoint: a point of a gauge or sum. */
export interface DecodedNumberPoint extends DecodedPointBase {
  readonly asDouble?: number;
  readonly asInt?: bigint;
  readonly exemplars: readonly DecodedExemplar[];
}

/** What the points that describe many observations have. */
interface DecodedDistribution extends DecodedPointBase {
  readonly count?: bigint;
  readonly sum?: number;
}

/** HistogramDataPoint. */
export interface DecodedHistogramPoint extends DecodedDistribution {
  readonly bucketCounts: readonly bigint[];
  readonly explicitBounds: readonly number[];
  readonly exemplars: readonly DecodedExemplar[];
  readonly min?: number;
  readonly max?: number;
}

/** ExponentialHistogramDataPoint.Buckets. */
export interface DecodedBuckets {
  readonly offset?: number;
  readonly bucketCounts: readonly bigint[];
}

/** ExponentialHistogramDataPoint. */
export interface DecodedExponentialPoint extends DecodedDistribution {
  readonly scale?: number;
  readonly zeroCount?: bigint;
  readonly positive?: DecodedBuckets;
  readonly negative?: DecodedBuckets;
  readonly exemplars: readonly DecodedExemplar[];
  readonly min?: number;
  readonly max?: number;
  readonly zeroThreshold?: number;
}

/** SummaryDataPoint. */
export interface DecodedSummaryPoint extends DecodedDistribution {
  readonly quantileValues: readonly { readonly quantile?: number; readonly value?: number }[];
}

/** A data point of any kind; the metric around it says which. */
export type DecodedPoint = DecodedNumberPoint | DecodedHistogramPoint | DecodedExponentialPoint | DecodedSummaryPoint;

interface Points<Point> {
  readonly dataPoints: readonly Point[];
}

interface Temporal {
  /** 1 delta, 2 cumulative. */
  readonly aggregationTemporality?: number;
}

/** Metric: at most one of gauge, sum, histogram, exponentialHistogram and summary is set. */
export interface DecodedMetric {
  readonly name?: string;
  readonly description?: string;
  readonly unit?: string;
  readonly gauge?: Points<DecodedNumberPoint>;
  readonly sum?: Points<DecodedNumberPoint> & Temporal & { readonly isMonotonic?: boolean };
  readonly histogram?: Points<DecodedHistogramPoint> & Temporal;
  readonly exponentialHistogram?: Points<DecodedExponentialPoint> & Temporal;
  readonly summary?: Points<DecodedSummaryPoint>;
  readonly metadata: readonly DecodedAttribute[];
}

interface InResource {
  readonly resource?: DecodedResource;
  readonly schemaUrl?: string;
}

interface InScope {
  readonly scope?: DecodedScope;
  readonly schemaUrl?: string;
}

/** ExportTraceServiceRequest. */
export interface DecodedTraces {
  readonly resourceSpans: readonly (InResource & {
    readonly scopeSpans: readonly (InScope & { readonly spans: readonly DecodedSpan[] })[];
  })[];
}

/** ExportMetricsServiceRequest. */
export interface DecodedMetrics {
  readonly resourceMetrics: readonly (InResource & {
    readonly scopeMetrics: readonly (InScope & { readonly metrics: readonly DecodedMetric[] })[];
  })[];
}

/** ExportLogsServiceRequest. */
export interface DecodedLogs {
  readonly resourceLogs: readonly (InResource & {
    readonly scopeLogs: readonly (InScope & { readonly logRecords: readonly DecodedLogRecord[] })[];
  })[];
}

/** A decoded request, by signal. */
export interface DecodedRequests {
  readonly traces: DecodedTraces;
  readonly metrics: DecodedMetrics;
  readonly logs: DecodedLogs;
}

/** A decoded request of one signal, or of any. */
export type DecodedRequest<S extends Signal = Signal> = DecodedRequests[S];
