/** Walks the items of a decoded request with everything around them. */
import type {
  DecodedLogRecord,
  DecodedLogs,
  DecodedMetric,
  DecodedMetrics,
  DecodedPoint,
  DecodedRequest,
  DecodedResource,
  DecodedScope,
  DecodedSpan,
  DecodedTraces,
} from "./decoded.ts";
import { METRIC_DATA } from "./layout.ts";
import type { Signal } from "./signal.ts";

/** The items of each signal. */
interface Items {
  readonly traces: DecodedSpan;
  readonly metrics: DecodedPoint;
  readonly logs: DecodedLogRecord;
}

/** One item, and where it stands. */
export interface DecodedItem<S extends Signal = Signal> {
  readonly resource: DecodedResource | undefined;
  readonly scope: DecodedScope | undefined;
  /** Of a data point, else undefined. */
  readonly metric: DecodedMetric | undefined;
  readonly item: Items[S];
}

/** Every item of a request, in order. */
export function decodedItems<S extends Signal>(signal: S, request: DecodedRequest<S>): Generator<DecodedItem<S>> {
  // The table is total over signals, and its rows take and give what DecodedRequest and Items say of their signal.
  const walk = WALKS[signal] as (request: DecodedRequest<S>) => Generator<DecodedItem<S>>;
  return walk(request);
}

const WALKS = {
  *traces({ resourceSpans }: DecodedTraces): Generator<DecodedItem<"traces">> {
    for (const { resource, scopeSpans } of resourceSpans) {
      for (const { scope, spans } of scopeSpans) {
        for (const item of spans) yield { resource, scope, metric: undefined, item };
      }
    }
  },
  *logs({ resourceLogs }: DecodedLogs): Generator<DecodedItem<"logs">> {
    for (const { resource, scopeLogs } of resourceLogs) {
      for (const { scope, logRecords } of scopeLogs) {
        for (const item of logRecords) yield { resource, scope, metric: undefined, item };
      }
    }
  },
  *metrics({ resourceMetrics }: DecodedMetrics): Generator<DecodedItem<"metrics">> {
    for (const { resource, scopeMetrics } of resourceMetrics) {
      for (const { scope, metrics } of scopeMetrics) {
        for (const metric of metrics) {
          for (const { name } of Object.values(METRIC_DATA)) {
            for (const item of metric[name]?.dataPoints ?? []) yield { resource, scope, metric, item };
          }
        }
      }
    }
  },
};
