/**
 * Writes gathered metrics as Prometheus text 0.0.4 or OpenMetrics 1.0.
 * Specs: prometheus.io/docs/instrumenting/exposition_formats, github.com/prometheus/OpenMetrics (specification 1.0).
 */
import type { MetricSpec } from "./metrics.ts";

/** The page formats; `openmetrics` only for a client that asks for it. */
export type Format = "text" | "openmetrics";

/** The Content-Type of each format. */
export const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  text: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/** One series of a metric at one moment. */
export interface Series {
  /** Label values in the order of the table's labels. */
  readonly values: readonly string[];
  /** The value of a counter or gauge, the sum of a histogram. */
  readonly value: number;
  /** Histograms: observations per bucket, not cumulative; the last is the one for +Inf. */
  readonly counts?: readonly number[];
}

/** One metric with its series. */
export interface Family {
  readonly name: string;
  readonly spec: MetricSpec;
  readonly series: readonly Series[];
}

/** The format that an Accept header prefers; text when it is absent or asks for neither. RFC 9110 §12.5.1. */
export function preferredFormat(accept: string | undefined): Format {
  const weights: Record<Format, number> = { text: 0, openmetrics: 0 };
  for (const range of (accept ?? "").split(",")) {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    const quality = parameters.find((parameter) => parameter.startsWith("q="));
    const weight = quality === undefined ? 1 : Number(quality.slice(2)) || 0;
    // A wildcard is no wish for OpenMetrics: curl and browsers send one.
    const format = type === "application/openmetrics-text" ? "openmetrics" : type === "text/plain" ? "text" : undefined;
    if (format !== undefined) weights[format] = Math.max(weights[format], weight);
  }
  return weights.openmetrics > 0 && weights.openmetrics >= weights.text ? "openmetrics" : "text";
}

/** Writes a whole page. Metrics without series are left out. */
export function writePage(families: readonly Family[], format: Format): string {
  const lines: string[] = [];
  for (const family of families) {
    if (family.series.length > 0) writeFamily(lines, family, format);
  }
  if (format === "openmetrics") lines.push("# EOF");
  return `${lines.join("\n")}\n`;
}

function writeFamily(lines: string[], { name, spec, series }: Family, format: Format): void {
  // In OpenMetrics the family of a counter is named without the suffix that its sample has.
  const title = format === "openmetrics" && spec.type === "counter" ? name.replace(/_total$/, "") : name;
  lines.push(`# HELP ${title} ${escapeHelp(spec.doc, format)}`, `# TYPE ${title} ${spec.type}`);
  if (format === "openmetrics" && spec.unit !== undefined) lines.push(`# UNIT ${title} ${spec.unit}`);
  for (const { values, value, counts } of series) {
    const labels = spec.labels.map((label, index) => `${label}="${escapeLabel(values[index] ?? "")}"`);
    if (counts === undefined) lines.push(`${name}${braced(labels)} ${writeNumber(value)}`);
    else writeHistogram(lines, name, labels, spec.buckets ?? [], counts, value);
  }
}

function writeHistogram(
  lines: string[],
  name: string,
  labels: readonly string[],
  buckets: readonly number[],
  counts: readonly number[],
  sum: number,
): void {
  // Cumulative only here: a kept count is then one addition for an observation, not one for every bucket above it.
  let below = 0;
  for (const [index, count] of counts.entries()) {
    below += count;
    const bound = writeNumber(buckets[index] ?? Number.POSITIVE_INFINITY);
    lines.push(`${name}_bucket${braced([...labels, `le="${bound}"`])} ${below}`);
  }
  lines.push(`${name}_sum${braced(labels)} ${writeNumber(sum)}`, `${name}_count${braced(labels)} ${below}`);
}

function braced(labels: readonly string[]): string {
  return labels.length === 0 ? "" : `{${labels.join(",")}}`;
}

/** A number as both formats write it. */
export function writeNumber(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

/** Quotes in help texts are escaped in OpenMetrics only. */
function escapeHelp(doc: string, format: Format): string {
  const escaped = doc.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return format === "openmetrics" ? escaped.replaceAll('"', '\\"') : escaped;
}
