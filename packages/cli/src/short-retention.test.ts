import { readRuleFile } from "@rondo/alerts";
import { expect, test } from "vitest";
import { graphOf } from "./configuration.cases.ts";
import { shortRetention } from "./short-retention.ts";

const graph = (broker: string) =>
  graphOf(`
    receivers: {otlp: {protocols: {http: }}}
    exporters: {debug: {verbosity: basic}}
    service: {pipelines: {metrics: {receivers: [otlp], exporters: [debug]}}}
    broker: {${broker}}
    alerts: {rules: {default: [rules.yml]}}
  `);
const rules = (...ranges: readonly string[]) => {
  const lines = ranges.map(
    (range) => `  - name: g${range}\n    rules: [{alert: A, expr: 'sum(rate(x[${range}])) > 0'}]\n`,
  );
  return new Map([["default", readRuleFile("rules.yml", `groups:\n${lines.join("")}`).groups]]);
};

test("rules within what is kept are no finding", () => {
  expect(shortRetention(graph("embedded: {retention: 2h}"), rules("5m", "2h"))).toEqual([]);
  expect(shortRetention(graph("embedded: {retention: 2h}"), new Map())).toEqual([]);
});

test("the rule that reaches farthest is named, with the key that is too short", () => {
  expect(shortRetention(graph("embedded: {retention: 2h}"), rules("5m", "3h", "150m"))).toEqual([
    {
      path: "broker::embedded::retention",
      message:
        "keeps 2h, and the rules of group g3h (rules.yml) reach back 3h: windows that are lost cannot be filled again that far; keep at least as much",
    },
  ]);
  expect(shortRetention(graph("kafka: {brokers: [k:1], topics: {retention: 90m}}"), rules("95m"))).toMatchObject([
    { path: "broker::kafka::topics::retention", message: expect.stringMatching(/^keeps 90m, .* reach back 95m:/) },
  ]);
});
