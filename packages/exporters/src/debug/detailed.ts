/** `verbosity: detailed`: everything that a request says, in the Collector's layout. */

import type { Signal } from "@rondo/otlp";
import {
  type DecodedEvent,
  type DecodedLink,
  type DecodedLogRecord,
  type DecodedMetric,
  type DecodedResource,
  type DecodedScope,
  type DecodedSpan,
  decodeRequest,
} from "@rondo/otlp/codec";
import { attributeLines, pointLines } from "./detailed-points.ts";
import { idText, timeText, typedText } from "./text.ts";

/** The text of a request, with a line break at its end. Throws WireError when its bytes are no OTLP. */
export function detailedText(signal: Signal, body: Uint8Array): string {
  return `${TEXTS[signal](body).join("\n")}\n`;
}

/**
 * The words are those of the Collector's otlptext, irregular as they are: `ResourceLog` beside `ScopeLogs`. That is why the
 * three walks stand apart, and what scripts look for in the output is found.
 */
const TEXTS: Readonly<Record<Signal, (body: Uint8Array) => string[]>> = {
  traces: (body) =>
    decodeRequest("traces", body).resourceSpans.flatMap((one, index) => [
      ...resourceLines("ResourceSpans", index, one),
      ...one.scopeSpans.flatMap((scope, at) => [
        ...scopeLines("ScopeSpans", at, scope),
        ...scope.spans.flatMap((span, number) => [`Span #${number}`, ...spanLines(span)]),
      ]),
    ]),
  metrics: (body) =>
    decodeRequest("metrics", body).resourceMetrics.flatMap((one, index) => [
      ...resourceLines("ResourceMetrics", index, one),
      ...one.scopeMetrics.flatMap((scope, at) => [
        ...scopeLines("ScopeMetrics", at, scope),
        ...scope.metrics.flatMap((metric, number) => [`Metric #${number}`, ...metricLines(metric)]),
      ]),
    ]),
  logs: (body) =>
    decodeRequest("logs", body).resourceLogs.flatMap((one, index) => [
      ...resourceLines("ResourceLog", index, one),
      ...one.scopeLogs.flatMap((scope, at) => [
        ...scopeLines("ScopeLogs", at, scope),
        ...scope.logRecords.flatMap((record, number) => [`LogRecord #${number}`, ...logLines(record)]),
      ]),
    ]),
};

interface InResource {
  readonly resource?: DecodedResource;
  readonly schemaUrl?: string;
}

interface InScope {
  readonly scope?: DecodedScope;
  readonly schemaUrl?: string;
}

function resourceLines(title: string, index: number, { resource, schemaUrl = "" }: InResource): string[] {
  return [
    `${title} #${index}`,
    `Resource SchemaURL: ${schemaUrl}`,
    ...attributeLines("Resource attributes", resource?.attributes),
  ];
}

function scopeLines(title: string, index: number, { scope, schemaUrl = "" }: InScope): string[] {
  return [
    `${title} #${index}`,
    `${title} SchemaURL: ${schemaUrl}`,
    `InstrumentationScope ${scope?.name ?? ""} ${scope?.version ?? ""}`,
    ...attributeLines("InstrumentationScope attributes", scope?.attributes),
  ];
}

/** Span.SpanKind and Status.StatusCode by number, in Go's words. */
const KINDS = ["Unspecified", "Internal", "Server", "Client", "Producer", "Consumer"];
const CODES = ["Unset", "Ok", "Error"];

/** Only a span's own lines stand in a column. */
const property = (name: string, value: string): string => `    ${name.padEnd(15)}: ${value}`;

function spanLines(span: DecodedSpan): string[] {
  const { traceState = "", events, links, status } = span;
  return [
    property("Trace ID", idText(span.traceId)),
    property("Parent ID", idText(span.parentSpanId)),
    property("ID", idText(span.spanId)),
    property("Name", span.name ?? ""),
    property("Kind", KINDS[span.kind ?? 0] ?? ""),
    ...(traceState === "" ? [] : [property("TraceState", traceState)]),
    property("Start time", timeText(span.startTimeUnixNano)),
    property("End time", timeText(span.endTimeUnixNano)),
    property("Status code", CODES[status?.code ?? 0] ?? ""),
    property("Status message", status?.message ?? ""),
    ...droppedLine("DroppedAttributesCount", span.droppedAttributesCount),
    ...attributeLines("Attributes", span.attributes),
    ...(events.length === 0 ? [] : ["Events:"]),
    ...events.flatMap(eventLines),
    ...droppedLine("DroppedEventsCount", span.droppedEventsCount),
    ...(links.length === 0 ? [] : ["Links:"]),
    ...links.flatMap(linkLines),
    ...droppedLine("DroppedLinksCount", span.droppedLinksCount),
  ];
}

/** Only what was dropped is worth a line. */
function droppedLine(name: string, count = 0): string[] {
  return count === 0 ? [] : [`    ${name}: ${count}`];
}

/** Other than a span's, the count of what an event or a link dropped is always shown, as upstream. */
function eventLines({ name = "", timeUnixNano, droppedAttributesCount = 0, attributes }: DecodedEvent, index: number) {
  return [
    `SpanEvent #${index}`,
    `     -> Name: ${name}`,
    `     -> Timestamp: ${timeText(timeUnixNano)}`,
    `     -> DroppedAttributesCount: ${droppedAttributesCount}`,
    ...attributeLines("     -> Attributes:", attributes),
  ];
}

function linkLines({ traceId, spanId, traceState = "", ...link }: DecodedLink, index: number): string[] {
  return [
    `SpanLink #${index}`,
    `     -> Trace ID: ${idText(traceId)}`,
    `     -> ID: ${idText(spanId)}`,
    `     -> TraceState: ${traceState}`,
    `     -> DroppedAttributesCount: ${link.droppedAttributesCount ?? 0}`,
    ...attributeLines("     -> Attributes:", link.attributes),
  ];
}

/** Go's names of the severity numbers: Trace, Trace2, …, Fatal4. */
function severityText(number: number): string {
  const name = ["Trace", "Debug", "Info", "Warn", "Error", "Fatal"][Math.floor((number - 1) / 4)];
  if (name === undefined || number < 1) return number === 0 ? "Unspecified" : "";
  const step = ((number - 1) % 4) + 1;
  return step === 1 ? name : `${name}${step}`;
}

/** Ids and flags have their lines even when they are empty, so that every record has the same shape. */
function logLines(record: DecodedLogRecord): string[] {
  const { severityNumber = 0, eventName = "", droppedAttributesCount = 0 } = record;
  return [
    `ObservedTimestamp: ${timeText(record.observedTimeUnixNano)}`,
    `Timestamp: ${timeText(record.timeUnixNano)}`,
    `SeverityText: ${record.severityText ?? ""}`,
    `SeverityNumber: ${severityText(severityNumber)}(${severityNumber})`,
    ...(eventName === "" ? [] : [`EventName: ${eventName}`]),
    `Body: ${typedText(record.body)}`,
    ...attributeLines("Attributes", record.attributes),
    ...(droppedAttributesCount === 0 ? [] : [`DroppedAttributesCount: ${droppedAttributesCount}`]),
    `Trace ID: ${idText(record.traceId)}`,
    `Span ID: ${idText(record.spanId)}`,
    `Flags: ${record.flags ?? 0}`,
  ];
}

function metricLines(metric: DecodedMetric): string[] {
  return [
    "Descriptor:",
    `     -> Name: ${metric.name ?? ""}`,
    `     -> Description: ${metric.description ?? ""}`,
    `     -> Unit: ${metric.unit ?? ""}`,
    ...pointLines(metric),
  ];
}
