/**
 * Writes series as Prometheus text 0.0.4 or OpenMetrics 1.0, family by family, so that a page may be joined from several parts.
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

/** One series of a part, written. */
export interface RowPart {
  /** Its name and labels: what tells it from every other. */
  readonly series: string;
  /** Its value, and what else stands behind it. */
  readonly rest: string;
  /** Milliseconds since the epoch, of the value, whether or not it is written. */
  readonly time: number;
}

/** One family of a part: plain data that crosses a thread's port. */
export interface FamilyPart {
  readonly name: string;
  /** Its lines of HELP, TYPE and UNIT. */
  readonly head: readonly string[];
  readonly rows: readonly RowPart[];
}

/** Families by name, each once. */
export type PagePart = readonly FamilyPart[];

/** Writes families that are sorted by name. One without series is left out. */
export function pagePart(families: readonly PageFamily[], style: PageStyle): PagePart {
  return families
    .filter(({ rows }) => rows.size > 0)
    .map(({ family, rows }) => ({
      name: family.name,
      head: headLines(family, style.format),
      rows: Array.from(rows.values(), (row) => rowPart(family, row, style)),
    }));
}

/** `# HELP` where there is help, and `# TYPE`; a scraper takes series without either for untyped ones. */
function headLines({ name, kind, unit, help }: Family, format: Format): readonly string[] {
  const open = format === "openmetrics";
  const { title, type } = open ? openMetricsHead(name, kind) : { title: name, type: TEXT_TYPES[kind] };
  const shown = BARE_METRIC.test(title) ? title : quoted(title);
  const said = open ? escaped(help).replaceAll('"', '\\"') : escaped(help);
  return [
    ...(help === "" ? [] : [`# HELP ${shown} ${said}`]),
    `# TYPE ${shown} ${type}`,
    ...(open && unit !== "" && title.endsWith(`_${unit}`) ? [`# UNIT ${shown} ${unit}`] : []),
  ];
}

/** In OpenMetrics a family is named without the suffix that its samples must have; one without it has no such type. */
function openMetricsHead(name: string, kind: SeriesKind): { readonly title: string; readonly type: string } {
  const suffix = kind === "counter" ? "_total" : kind === "info" ? "_info" : "";
  if (!name.endsWith(suffix)) return { title: name, type: "unknown" };
  return { title: name.slice(0, name.length - suffix.length), type: kind };
}

function rowPart({ kind }: Family, row: PageRow, { format, timestamps }: PageStyle): RowPart {
  const { labels, value, time, exemplar } = row;
  const open = format === "openmetrics";
  const number = writeNumber(value);
  const stamped = timestamps ? `${number} ${open ? time / 1_000 : time}` : number;
  const shown = open && exemplar !== undefined && (kind === "counter" || kind === "histogram");
  const rest = shown ? `${stamped} # ${exemplarText(exemplar)}` : stamped;
  return { series: seriesText(labels, format), rest, time };
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
