import type { Family, SeriesKind } from "@rondo/prometheus";
import type { Labels } from "@rondo/promql";
import { expect, test } from "vitest";
import { joinParts } from "./join-parts.ts";
import { pagePart } from "./page-part.ts";
import type { PageFamily, PageRow } from "./series-page.ts";

function family(
  name: string,
  kind: SeriesKind,
  rows: readonly Partial<PageRow>[],
  more: Partial<Family> = {},
): PageFamily {
  const whole = rows.map((row, index): [string, PageRow] => [
    String(index),
    { labels: [["__name__", name]], value: 1, time: 1_500, seen: 0, ...row },
  ]);
  return { family: { name, kind, unit: "", help: "", ...more }, rows: new Map(whole) };
}

const labels = (name: string, ...rest: [string, string][]): Labels => [["__name__", name], ...rest];
const text = (families: readonly PageFamily[], timestamps = false) =>
  joinParts([pagePart(families, { format: "text", timestamps })], "text");
const open = (families: readonly PageFamily[], timestamps = false) =>
  joinParts([pagePart(families, { format: "openmetrics", timestamps })], "openmetrics");

test("text: help and type before the series, special letters escaped", () => {
  const help = 'a "quoted" \\ text\nin two lines';
  expect(text([family("x", "gauge", [{ labels: labels("x", ["a", 'b"\\\n']), value: Number.NaN }], { help })])).toBe(
    '# HELP x a "quoted" \\\\ text\\nin two lines\n# TYPE x gauge\nx{a="b\\"\\\\\\n"} NaN\n',
  );
  expect(text([])).toBe("");
  expect(text([family("x", "gauge", [])])).toBe("");
});

test.each([
  ["counter", "x_total", "counter"],
  ["info", "target_info", "gauge"],
  ["unknown", "x", "untyped"],
] as const)("text: a %s is called %s and has the type %s", (kind, name, type) => {
  expect(text([family(name, kind, [{}])])).toBe(`# TYPE ${name} ${type}\n${name} 1\n`);
});

test.each([
  ["counter", "x_total", "x", "counter"],
  ["counter", "x", "x", "unknown"],
  ["info", "target_info", "target", "info"],
  ["gauge", "x_total", "x_total", "gauge"],
] as const)("OpenMetrics: a %s %s is the family %s of type %s", (kind, name, title, type) => {
  expect(open([family(name, kind, [{}])])).toBe(`# TYPE ${title} ${type}\n${name} 1\n# EOF\n`);
});

test("OpenMetrics: numbers in labels are canonical, the unit is that of the name, help is escaped further", () => {
  const rows = [
    { labels: labels("h_seconds_bucket", ["le", "1"]) },
    { labels: labels("h_seconds_bucket", ["le", "+Inf"]) },
    { labels: labels("h_seconds_count") },
  ];
  const histogram = family("h_seconds", "histogram", rows, { unit: "seconds", help: 'a "b"' });
  expect(open([histogram]).split("\n")).toEqual([
    '# HELP h_seconds a \\"b\\"',
    "# TYPE h_seconds histogram",
    "# UNIT h_seconds seconds",
    'h_seconds_bucket{le="1.0"} 1',
    'h_seconds_bucket{le="+Inf"} 1',
    "h_seconds_count 1",
    "# EOF",
    "",
  ]);
  expect(text([histogram])).toContain('h_seconds_bucket{le="1"} 1');
});

test("times are milliseconds in text and seconds in OpenMetrics", () => {
  expect(text([family("x", "gauge", [{}])], true)).toContain("x 1 1500\n");
  expect(open([family("x", "gauge", [{}])], true)).toContain("x 1 1.5\n");
});

test("exemplars stand in OpenMetrics alone, behind counters and buckets", () => {
  const exemplar = { labels: [["trace_id", "ab"]] as const, time: 2_500, value: 0.5 };
  expect(open([family("x_total", "counter", [{ exemplar }])])).toContain('x_total 1 # {trace_id="ab"} 0.5 2.5\n');
  expect(open([family("x", "gauge", [{ exemplar }])])).not.toContain("ab");
  expect(text([family("x_total", "counter", [{ exemplar }])])).not.toContain("ab");
});

test("names that are not bare stand in quotes", () => {
  const rows = [{ labels: labels("http.size", ["a.b", "c"]) }, { labels: labels("http.size") }];
  expect(text([family("http.size", "gauge", rows)])).toBe(
    '# TYPE "http.size" gauge\n{"http.size","a.b"="c"} 1\n{"http.size"} 1\n',
  );
  expect(open([family("http.size", "gauge", rows)])).toContain('# TYPE "http.size" gauge\n');
});
