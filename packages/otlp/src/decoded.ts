/**
 * OTLP requests as objects: what the generated codec gives, typed. Field names are those of OTLP/JSON; 64-bit integers are
 * bigints, ids and bytes Uint8Arrays, lists always there and everything else undefined when the wire does not have it.
 */
import type { Signal } from "./signal.ts";

export interface DecodedValue {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: bigint;
  readonly doubleValue?: number;
  readonly arrayValue?: { readonly values: readonly DecodedValue[] };
  readonly kvlistValue?: { readonly values: readonly DecodedAttribute[] };
  readonly bytesValue?: Uint8Array;
}

export interface DecodedAttribute {
  readonly key?: string;
  readonly value?: DecodedValue;
}

/** What has attributes, and may have lost some to a limit. */
export interface DecodedAttributes {
  readonly attributes: readonly DecodedAttribute[];
  readonly droppedAttributesCount?: number;
}

export interface DecodedEntityRef {
  readonly schemaUrl?: string;
  readonly type?: string;
  readonly idKeys: readonly string[];
  readonly descriptionKeys: readonly string[];
}

export interface DecodedResource extends DecodedAttributes {
  readonly entityRefs: readonly DecodedEntityRef[];
}

export interface DecodedScope extends DecodedAttributes {
  readonly name?: string;
  readonly version?: string;
}

export interface DecodedEvent extends DecodedAttributes {
  readonly timeUnixNano?: bigint;
  readonly name?: string;
}

export interface DecodedLink extends DecodedAttributes {
  readonly traceId?: Uint8Array;
  readonly spanId?: Uint8Array;
  readonly traceState?: string;
  readonly flags?: number;
}

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

export interface DecodedHistogramPoint extends DecodedDistribution {
  readonly bucketCounts: readonly bigint[];
  readonly explicitBounds: readonly number[];
  readonly exemplars: readonly DecodedExemplar[];
  readonly min?: number;
  readonly max?: number;
}

export interface DecodedBuckets {
  readonly offset?: number;
  readonly bucketCounts: readonly bigint[];
}

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

export interface DecodedSummaryPoint extends DecodedDistribution {
  readonly quantileValues: readonly { readonly quantile?: number; readonly value?: number }[];
}

export type DecodedPoint = DecodedNumberPoint | DecodedHistogramPoint | DecodedExponentialPoint | DecodedSummaryPoint;

interface Points<Point> {
  readonly dataPoints: readonly Point[];
}

interface Temporal {
  /** 1 delta, 2 cumulative. */
  readonly aggregationTemporality?: number;
}

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

export interface DecodedTraces {
  readonly resourceSpans: readonly (InResource & {
    readonly scopeSpans: readonly (InScope & { readonly spans: readonly DecodedSpan[] })[];
  })[];
}

export interface DecodedMetrics {
  readonly resourceMetrics: readonly (InResource & {
    readonly scopeMetrics: readonly (InScope & { readonly metrics: readonly DecodedMetric[] })[];
  })[];
}

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
