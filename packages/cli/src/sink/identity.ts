/** Gives every OTLP item a name that survives the road: equal before and after, whatever was batched, split or enriched between. */
import { createHash } from "node:crypto";
import type { Signal } from "@rondo/otlp";
import { decodeRequest } from "@rondo/otlp/codec";
import { attributesText, canonical, hex, listOf, type Message, messageOf } from "./canonical.ts";

/** One item of a request. */
export interface Identity {
  /** Spans: `<trace id>:<span id>` in hexadecimal. Data points and log records: 32 hexadecimal digits of a hash. */
  readonly id: string;
  /** What a person would call it: span name, metric name, or a log record's event name or severity. Not unique. */
  readonly name: string;
  /** 32 hexadecimal digits over everything in the item, its scope and its resource: equal only if nothing was changed. */
  readonly content: string;
}

/** How identities are taken. */
export interface IdentityOptions {
  /** Attribute keys, of resources and of items, that identity leaves out because a pipeline inserts them. */
  readonly ignore?: Iterable<string>;
}

/**
 * The identities of all items in a protobuf request, in order. Spans have ids of their own (those without both are
 * hashed like the rest); for a data point identity is resource, scope, metric, kind, attributes, times and value; for
 * a log record resource, scope, attributes, times, severity, body and trace context. Throws what the codec throws for
 * bytes that are no such request.
 */
export function identities(signal: Signal, body: Uint8Array, options?: IdentityOptions): Identity[] {
  return identitiesOf(signal, { ...decodeRequest(signal, body) }, options);
}

/** The same for a request that was decoded already, from whichever encoding. */
export function identitiesOf(signal: Signal, request: Message, options: IdentityOptions = {}): Identity[] {
  const ignore = new Set(options.ignore ?? []);
  const { resources, scopes, items } = PATHS[signal];
  const found: Identity[] = [];
  for (const inResource of listOf(request, resources)) {
    const resource = messageOf(inResource, "resource");
    const resourceId = attributesText(listOf(resource, "attributes"), ignore);
    const resourceContent = `${canonical(resource)}${canonical(inResource["schemaUrl"] ?? "")}`;
    for (const inScope of listOf(inResource, scopes)) {
      const scope = canonical(messageOf(inScope, "scope"));
      const scopeContent = `${resourceContent}${scope}${canonical(inScope["schemaUrl"] ?? "")}`;
      for (const { item, of, name } of items(inScope)) {
        const own = ownId(signal, item);
        const { attributes: _, ...rest } = item;
        const id =
          own ?? digest([resourceId, scope, of, attributesText(listOf(item, "attributes"), ignore), canonical(rest)]);
        found.push({ id, name, content: digest([scopeContent, of, canonical(item)]) });
      }
    }
  }
  return found;
}

interface Found {
  readonly item: Message;
  /** What encloses the item below the scope: of a data point its metric without the points; else nothing. */
  readonly of: string;
  readonly name: string;
}

/** Where the items of each signal are. */
const PATHS: Readonly<
  Record<Signal, { readonly resources: string; readonly scopes: string; items(scope: Message): Iterable<Found> }>
> = {
  traces: { resources: "resourceSpans", scopes: "scopeSpans", items: spansOf },
  metrics: { resources: "resourceMetrics", scopes: "scopeMetrics", items: pointsOf },
  logs: { resources: "resourceLogs", scopes: "scopeLogs", items: recordsOf },
};

/** The members of Metric's oneof `data`. */
const KINDS = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"];

function* spansOf(scope: Message): Iterable<Found> {
  for (const item of listOf(scope, "spans")) yield { item, of: "", name: String(item["name"] ?? "") };
}

function* recordsOf(scope: Message): Iterable<Found> {
  for (const item of listOf(scope, "logRecords")) {
    yield { item, of: "", name: String(item["eventName"] || item["severityText"] || "") };
  }
}

/** A metric is copied without its points once, not once a point. */
function* pointsOf(scope: Message): Iterable<Found> {
  for (const metric of listOf(scope, "metrics")) {
    for (const kind of KINDS) {
      const data = messageOf(metric, kind);
      const points = listOf(data, "dataPoints");
      if (points.length === 0) continue;
      const { dataPoints: _, ...settings } = data;
      const of = canonical({ ...metric, [kind]: settings });
      for (const item of points) yield { item, of, name: String(metric["name"] ?? "") };
    }
  }
}

/** Undefined when a span lacks the ids that the specification asks for: 16 and 8 bytes. */
function ownId(signal: Signal, item: Message): string | undefined {
  const { traceId, spanId } = item;
  if (signal !== "traces" || !(traceId instanceof Uint8Array) || !(spanId instanceof Uint8Array)) return undefined;
  return traceId.length === 16 && spanId.length === 8 ? `${hex(traceId)}:${hex(spanId)}` : undefined;
}

/** Lengths stand before the parts, so that no two lists of parts run together into the same text. */
function digest(parts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest("hex").slice(0, 32);
}
