/**
 * A short way to write OTLP requests in YAML cases: resources, their scopes, and items as nothing but their attributes.
 * One compact request stands for the same request in every signal, and for metrics in every kind of data.
 */
import type { Signal } from "@rondo/otlp";
import { type DecodedRequest, encodeRequest } from "@rondo/otlp/codec";

/** A value as YAML gives it, whole numbers as bigint so that `1` and `1.0` stay apart. */
export type CompactValue = string | bigint | number | boolean | null | readonly CompactValue[] | CompactMap;
/** Attributes, or a value that is a map. */
export interface CompactMap {
  readonly [key: string]: CompactValue;
}

/** One resource with the items of one scope. */
export interface CompactResource {
  /** Absent: the request has no Resource message. */
  readonly resource?: CompactMap;
  /** The scope's name; absent: no scope message. */
  readonly scope?: string;
  /** The attributes of every item. */
  readonly items: readonly CompactMap[];
}

/** A request, resource by resource. */
export type CompactRequest = readonly CompactResource[];

/** What a compact request can be written as: a signal, for metrics with the field of Metric that holds the points. */
export const VARIANTS = [
  { name: "traces", signal: "traces" },
  { name: "logs", signal: "logs" },
  { name: "metrics, gauge", signal: "metrics", data: "gauge" },
  { name: "metrics, sum", signal: "metrics", data: "sum" },
  { name: "metrics, histogram", signal: "metrics", data: "histogram" },
  { name: "metrics, exponential histogram", signal: "metrics", data: "exponentialHistogram" },
  { name: "metrics, summary", signal: "metrics", data: "summary" },
] as const satisfies readonly { readonly name: string; readonly signal: Signal; readonly data?: string }[];

/** One of the ways above. */
export type Variant = (typeof VARIANTS)[number];

/** Names of the repeated fields from the request down to what the scope holds. */
const PATHS: Readonly<Record<Signal, readonly [resources: string, scopes: string, entries: string]>> = {
  traces: ["resourceSpans", "scopeSpans", "spans"],
  metrics: ["resourceMetrics", "scopeMetrics", "metrics"],
  logs: ["resourceLogs", "scopeLogs", "logRecords"],
};

/** The request's wire bytes. */
export function requestBytes(compact: CompactRequest, variant: Variant): Uint8Array {
  const [resources, scopes, entries] = PATHS[variant.signal];
  const request = {
    [resources]: compact.map(({ resource, scope, items }) => ({
      ...(resource !== undefined && { resource: { attributes: attributesOf(resource) } }),
      [scopes]: [{ ...(scope !== undefined && { scope: { name: scope } }), [entries]: entriesOf(items, variant) }],
    })),
  };
  // The names above are those of the signal's messages; a wrong one would be left out, and be missed by every case.
  return encodeRequest(variant.signal, request as unknown as DecodedRequest<Signal>);
}

/** Items of a compact request. */
export function countCompact(compact: CompactRequest): number {
  return compact.reduce((sum, { items }) => sum + items.length, 0);
}

function entriesOf(items: readonly CompactMap[], variant: Variant): readonly unknown[] {
  const attributes = items.map((item) => ({ attributes: attributesOf(item) }));
  if (variant.signal === "traces") return attributes.map((span) => ({ name: "step", ...span }));
  if (variant.signal === "logs") return attributes.map((log) => ({ body: { stringValue: "said" }, ...log }));
  return [{ name: "loss", [variant.data]: { dataPoints: attributes } }];
}

function attributesOf(map: CompactMap): readonly unknown[] {
  return Object.entries(map).map(([key, value]) => ({ key, value: anyValueObject(value) }));
}

function anyValueObject(value: CompactValue): Record<string, unknown> {
  if (value === null) return {};
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "bigint") return { intValue: String(value) };
  if (typeof value === "number") return { doubleValue: value };
  if (isList(value)) return { arrayValue: { values: value.map(anyValueObject) } };
  return { kvlistValue: { values: attributesOf(value) } };
}

/** Array.isArray does not narrow readonly arrays. */
function isList(value: CompactValue): value is readonly CompactValue[] {
  return Array.isArray(value);
}
