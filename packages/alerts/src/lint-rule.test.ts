import { expect, test } from "vitest";
import { readRuleFile } from "./rule-file.ts";

const warnings = (expr: string, text: string, more = "") =>
  readRuleFile(
    "r.yml",
    `groups: [{name: g, rules: [{alert: A, expr: '${expr}', annotations: {a: '${text}'} ${more}}]}]`,
  ).warnings.map(({ path, message }) => `${path}: ${message}`);

const AT = "groups::0::rules::0";

test.each([
  ["sum by (job) (m) > 0", "{{ $labels.host }}", `${AT}::annotations::a: $labels.host is always empty`],
  ["absent(m)", "{{ .Labels.job }}", `${AT}::annotations::a: $labels.job is always empty`],
  ["m > 0", "{{ $labels.alertname }}", `${AT}::annotations::a: $labels.alertname is empty unless the metric has it`],
  ["used > total * 2", "{{ $labels.total }}", "labels hold no values of other metrics, such as total"],
  ["db_used > db_total", "{{ $labels.total }}", "such as db_total"],
  ['up{job="a"} == 0', "x", `${AT}::expr: up is a metric of scrapes`],
])("%s with %s: %s", (expr, text, warning) => {
  const found = warnings(expr.replaceAll("'", "''"), text);
  expect(found).toHaveLength(1);
  expect(found[0]).toContain(warning);
});

test("a label of the rule is not one of the result's", () => {
  expect(warnings("m > 0", "{{ $labels.severity }}", ", labels: {severity: page}")).toHaveLength(1);
});

test.each([
  ["m > 0", "{{ $labels.host }} {{ $value }}"],
  ["sum by (host) (m) > 0", "{{ $labels.host }}"],
  ["rate(m[5m]) > 0", "{{ range .Labels }}{{ . }}{{ end }}"],
  ["m > 0", "{{ $externalLabels.site }}"],
])("%s with %s is as it should be", (expr, text) => expect(warnings(expr, text)).toEqual([]));
