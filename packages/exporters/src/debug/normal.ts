/** `verbosity: normal`: about one line for each item, below a line for its resource and one for its scope. */

import type { Signal } from "@rondo/otlp";
import {
  type DecodedAttribute,
  type DecodedExponentialPoint,
  type DecodedHistogramPoint,
  type DecodedLogRecord,
  type DecodedMetric,
  type DecodedRequests,
  type DecodedScope,
  type DecodedSpan,
  decodeRequest,
} from "@rondo/otlp/codec";
import { fixedText, idText, numberText, pairs, plainText } from "./text.ts";

/** The text of a request. Throws WireError when its bytes are no OTLP. */
export function normalText(signal: Signal, body: Uint8Array): string {
  return TEXTS[signal](body).join("");
}

/** By signal. The words of the frames are upstream's and differ from those of `detailed`: `ResourceTraces`, `ScopeLog`. */
const TEXTS: Readonly<Record<Signal, (body: Uint8Array) => string[]>> = {
  traces: (body) => {
    const { resourceSpans }: DecodedRequests["traces"] = decodeRequest("traces", body);
    return resourceSpans.flatMap((one, index) => [
      head("ResourceTraces", index, one.schemaUrl, one.resource?.attributes),
      ...one.scopeSpans.flatMap((scope, at) => [scopeHead("ScopeTraces", at, scope), ...scope.spans.map(spanLine)]),
    ]);
  },
  metrics: (body) => {
    const { resourceMetrics }: DecodedRequests["metrics"] = decodeRequest("metrics", body);
    return resourceMetrics.flatMap((one, index) => [
      head("ResourceMetrics", index, one.schemaUrl, one.resource?.attributes),
      ...one.scopeMetrics.flatMap((scope, at) => [
        scopeHead("ScopeMetrics", at, scope),
        ...scope.metrics.flatMap(pointLines),
      ]),
    ]);
  },
  logs: (body) => {
    const { resourceLogs }: DecodedRequests["logs"] = decodeRequest("logs", body);
    return resourceLogs.flatMap((one, index) => [
      head("ResourceLog", index, one.schemaUrl, one.resource?.attributes),
      ...one.scopeLogs.flatMap((scope, at) => [scopeHead("ScopeLog", at, scope), ...scope.logRecords.map(logLine)]),
    ]);
  },
};

interface InScope {
  readonly scope?: DecodedScope;
  readonly schemaUrl?: string;
}

function head(title: string, index: number, schema = "", attributes: readonly DecodedAttribute[] = []): string {
  return `${title} #${index}${schema === "" ? "" : ` [${schema}]`}${after(pairs(attributes))}\n`;
}

function scopeHead(title: string, index: number, { scope, schemaUrl = "" }: InScope): string {
  const name =
    scope?.name === undefined ? "" : ` ${scope.name}${scope.version === undefined ? "" : `@${scope.version}`}`;
  return `${title} #${index}${name}${schemaUrl === "" ? "" : ` [${schemaUrl}]`}${after(pairs(scope?.attributes ?? []))}\n`;
}

const after = (texts: readonly string[]): string => texts.map((text) => ` ${text}`).join("");

function spanLine({ name = "", traceId, spanId, attributes }: DecodedSpan): string {
  return `${name} ${idText(traceId)} ${idText(spanId)}${after(pairs(attributes))}\n`;
}

function logLine({ body, attributes }: DecodedLogRecord): string {
  return `${plainText(body)}${after(pairs(attributes))}\n`;
}

/** A metric is its points, as in Prometheus' text; one without points has no line. */
function pointLines(metric: DecodedMetric): string[] {
  const line = ({ attributes }: { readonly attributes: readonly DecodedAttribute[] }, value: string) =>
    `${metric.name ?? ""}{${pairs(attributes).join(",")}} ${value}\n`;
  const numbers = [...(metric.gauge?.dataPoints ?? []), ...(metric.sum?.dataPoints ?? [])];
  return [
    ...numbers.map((point) => line(point, point.asInt?.toString() ?? numberText(point.asDouble ?? 0))),
    ...(metric.histogram?.dataPoints ?? []).map((point) => line(point, histogramText(point))),
    ...(metric.exponentialHistogram?.dataPoints ?? []).map((point) => line(point, exponentialText(point))),
    ...(metric.summary?.dataPoints ?? []).map((point) => {
      const quantiles = point.quantileValues.map(
        ({ quantile = 0, value = 0 }) => ` q${numberText(quantile)}=${numberText(value)}`,
      );
      return line(point, `count=${point.count ?? 0n} sum=${fixedText(point.sum)}${quantiles.join("")}`);
    }),
  ];
}

/** What was not measured is left out: an absent sum is not 0 (metrics data model, "Histogram"). */
function distribution({ count, sum, min, max }: DecodedHistogramPoint | DecodedExponentialPoint): string {
  const known = Object.entries({ sum, min, max }).filter(([, value]) => value !== undefined);
  return `count=${count ?? 0n}${known.map(([name, value]) => ` ${name}=${numberText(value ?? 0)}`).join("")}`;
}

/** There is one bound less than there are buckets: the last one has none. */
function histogramText(point: DecodedHistogramPoint): string {
  const buckets = point.bucketCounts.map((count, index) => {
    const bound = point.explicitBounds[index];
    return bound === undefined ? ` ${count}` : ` le${numberText(bound)}=${count}`;
  });
  return distribution(point) + buckets.join("");
}

function exponentialText(point: DecodedExponentialPoint): string {
  // The metrics data model: base = 2^(2^-scale), and bucket i is (base^i, base^(i+1)]. Upstream writes the lower bound behind
  // `le`; so does this, because the text is read by what was made for upstream's.
  const base = 2 ** (2 ** -(point.scale ?? 0));
  const buckets = [point.negative, point.positive].flatMap((side) =>
    (side?.bucketCounts ?? []).map(
      (count, index) => ` le${numberText(base ** ((side?.offset ?? 0) + index))}=${count}`,
    ),
  );
  const zero = point.zeroCount ?? 0n;
  const zeros = zero === 0n ? "" : ` zero_count${numberText(point.zeroThreshold ?? 0)}=${zero}`;
  return distribution(point) + buckets.join("") + zeros;
}
