/**
 * Writes a page of series as Prometheus text 0.0.4 or OpenMetrics 1.0.
 * Specs: prometheus.io/docs/instrumenting/exposition_formats, github.com/prometheus/OpenMetrics (specification 1.0).
 */
import { type Format, writeNumber } from "@rondo/monitor";
import type { Exemplar, Family, SeriesKind } from "@rondo/prometheus";
import type { Labels } from "@rondo/promql";
import type { PageFamily, PageRow } from "./series-page.ts";

/** How a page is written. */
export interface PageStyle {
  readonly format: Format;
  readonly timestamps: boolean;
}

/** What each kind is called in text; text has no word for info, and `untyped` for unknown. */
const TEXT_TYPES: Readonly<Record<SeriesKind, string>> = {
  counter: "counter",
  gauge: "gauge",
  histogram: "histogram",
  summary: "summary",
  info: "gauge",
  unknown: "untyped",
};

/** Names that stand without quotes. */
const BARE_METRIC = /^[A-Za-z_:][A-Za-z0-9_:]*$/;
const BARE_LABEL = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The whole page. A family without series is left out. */
export function pageText(families: readonly PageFamily[], style: PageStyle): string {
  const lines: string[] = [];
  for (const { family, rows } of families) {
    if (rows.size === 0) continue;
    writeHead(lines, family, style.format);
    for (const row of rows.values()) lines.push(rowText(family, row, style));
  }
  if (style.format === "openmetrics") lines.push("# EOF");
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}

/** `# HELP` where there is help, and `# TYPE`; a scraper takes series without either for untyped ones. */
function writeHead(lines: string[], { name, kind, unit, help }: Family, format: Format): void {
  if (format === "text") {
    const title = BARE_METRIC.test(name) ? name : quoted(name);
    if (help !== "") lines.push(`# HELP ${title} ${escaped(help)}`);
    lines.push(`# TYPE ${title} ${TEXT_TYPES[kind]}`);
    return;
  }
  const { title, type } = openMetricsHead(name, kind);
  const shown = BARE_METRIC.test(title) ? title : quoted(title);
  if (help !== "") lines.push(`# HELP ${shown} ${escaped(help).replaceAll('"', '\\"')}`);
  lines.push(`# TYPE ${shown} ${type}`);
  if (unit !== "" && title.endsWith(`_${unit}`)) lines.push(`# UNIT ${shown} ${unit}`);
}

/** In OpenMetrics a family is named without the suffix that its samples must have; one without it has no such type. */
function openMetricsHead(name: string, kind: SeriesKind): { readonly title: string; readonly type: string } {
  const suffix = kind === "counter" ? "_total" : kind === "info" ? "_info" : "";
  if (!name.endsWith(suffix)) return { title: name, type: "unknown" };
  return { title: name.slice(0, name.length - suffix.length), type: kind };
}

function rowText(
  { kind }: Family,
  { labels, value, time, exemplar }: PageRow,
  { format, timestamps }: PageStyle,
): string {
  const line = `${seriesText(labels, format)} ${writeNumber(value)}`;
  const open = format === "openmetrics";
  const stamped = timestamps ? `${line} ${open ? time / 1_000 : time}` : line;
  const shown = open && exemplar !== undefined && (kind === "counter" || kind === "histogram");
  return shown ? `${stamped} # ${exemplarText(exemplar)}` : stamped;
}

/** OpenMetrics, "Exemplars": labels in braces even when there are none, then value and time. */
function exemplarText({ labels, value, time }: Exemplar): string {
  return `{${labelsText(labels, "openmetrics")}} ${writeNumber(value)} ${time / 1_000}`;
}

/** `name{a="b"}`; a name that is not bare stands quoted, among the labels (Prometheus, "UTF-8 names"). */
function seriesText(labels: Labels, format: Format): string {
  const name = labels.find(([label]) => label === "__name__")?.[1] ?? "";
  const rest = labels.filter(([label]) => label !== "__name__");
  const inner = labelsText(rest, format);
  if (BARE_METRIC.test(name)) return inner === "" ? name : `${name}{${inner}}`;
  return `{${[quoted(name), inner].filter((part) => part !== "").join(",")}}`;
}

/** `a="b",c="d"`; `le` and `quantile` as numbers of the format. */
function labelsText(labels: Labels, format: Format): string {
  return labels
    .map(([name, value]) => {
      const shown = format === "openmetrics" && (name === "le" || name === "quantile") ? canonicalNumber(value) : value;
      return `${BARE_LABEL.test(name) ? name : quoted(name)}=${quoted(shown)}`;
    })
    .join(",");
}

/** OpenMetrics, "Canonical Numbers": a whole number has a point. */
function canonicalNumber(text: string): string {
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

const quoted = (text: string) => `"${escaped(text).replaceAll('"', '\\"')}"`;

const escaped = (text: string) => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
