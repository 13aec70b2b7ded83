/** Requests of metrics for tests, written as OTLP/JSON, and what a translator makes of them as lines of text. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { requestFromJson } from "@rondo/otlp/json";
import { isStale, type Labels } from "@rondo/promql";
import type { Exemplar, Series, SeriesReader, Translation } from "./series.ts";
import { createTranslator, type Translator, type TranslatorOptions } from "./translator.ts";

/** A second of the epoch in nanoseconds, as OTLP/JSON writes it. */
export const SECOND = "1000000000";

/** OTLP/JSON attributes of plain values. */
export function attributes(of: Readonly<Record<string, string | number | boolean>>): object[] {
  return Object.entries(of).map(([key, value]) => ({
    key,
    value:
      typeof value === "string"
        ? { stringValue: value }
        : typeof value === "boolean"
          ? { boolValue: value }
          : { doubleValue: value },
  }));
}

/** One resource with one scope; an empty scope name leaves the scope out. */
export interface RequestOf {
  readonly resource?: Readonly<Record<string, string | number>>;
  readonly scope?: object;
  readonly schemaUrl?: string;
  readonly metrics: readonly object[];
}

/** The wire bytes of a request. */
export function metricsRequest(...resources: readonly RequestOf[]): Uint8Array {
  const resourceMetrics = resources.map(({ resource = {}, scope, schemaUrl = "", metrics }) => ({
    resource: { attributes: attributes(resource) },
    scopeMetrics: [{ ...(scope && { scope }), schemaUrl, metrics }],
  }));
  return requestFromJson("metrics", Buffer.from(JSON.stringify({ resourceMetrics })));
}

/** A gauge with one point at the first second. */
export function gauge(name: string, value: number, labels: Readonly<Record<string, string>> = {}, more: object = {}) {
  const point = { timeUnixNano: SECOND, asDouble: value, attributes: attributes(labels), ...more };
  return { name, gauge: { dataPoints: [point] } };
}

/** Labels as Prometheus writes them: `name{a="b"}`. */
export function labelText(labels: Labels): string {
  const name = labels.find(([label]) => label === "__name__")?.[1] ?? "";
  const rest = labels.filter(([label]) => label !== "__name__").map(([label, value]) => `${label}="${value}"`);
  return rest.length === 0 ? name : `${name}{${rest.join(",")}}`;
}

/** A reader that keeps everything as lines: `name{labels} value @milliseconds`. */
export class LineReader implements SeriesReader {
  readonly lines: string[] = [];
  readonly series: Series[] = [];
  readonly exemplars: string[] = [];
  points = 0;

  sample(series: Series, time: number, value: number): void {
    this.series.push(series);
    this.lines.push(`${labelText(series.labels)} ${isStale(value) ? "stale" : value} @${time}`);
  }

  exemplar(series: Series, { labels, time, value }: Exemplar): void {
    this.exemplars.push(`${labelText(series.labels)} # ${labelText(labels)} ${value} @${time}`);
  }

  pointEnd(): void {
    this.points++;
  }
}

/** Translates one body and gives its lines. */
export function translated(
  body: Uint8Array,
  options: TranslatorOptions | Translator = {},
): LineReader & { readonly translation: Translation } {
  const translator = "translate" in options ? options : createTranslator(options);
  const reader = new LineReader();
  return Object.assign(reader, { translation: translator.translate(body, reader) });
}

/** The metrics of the recorded run, request by request. */
export function recordedMetrics(): readonly Uint8Array[] {
  const recording = readFileSync(join(import.meta.dirname, "../../../deploy/demo/recording.ndjson.gz"));
  return gunzipSync(recording)
    .toString()
    .trim()
    .split("\n")
    .map((line): { signal: string; encoding: string; body: string } => JSON.parse(line))
    .filter(({ signal }) => signal === "metrics")
    .map(({ encoding, body }) => {
      const sent = Buffer.from(body, "base64");
      return encoding === "gzip" ? gunzipSync(sent) : sent;
    });
}
