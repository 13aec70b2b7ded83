import { problemsOf } from "@rondo/testkit/promql-cases";
import { SampleStore } from "@rondo/testkit/sample-store";
import { expect, test } from "vitest";
import { Budget } from "./budget.ts";
import { evaluateInstant, evaluateRange, MAX_STEPS, SUBQUERY_STEP_MS } from "./evaluate.ts";
import { Evaluation } from "./evaluation.ts";
import { newFrame, scalarOf, vectorOf } from "./evaluator.ts";
import { labelsOf } from "./labels.ts";
import { parseExpr } from "./parse-expr.ts";
import type { Queryable, TimeSpan } from "./queryable.ts";

const MINUTE = 60_000;

function filled(): SampleStore {
  const store = new SampleStore();
  const samples = Array.from({ length: 11 }, (_, step) => ({ time: step * MINUTE, value: step * 60 }));
  for (const status of ["200", "500"]) store.add(labelsOf({ __name__: "http_requests_total", status }), samples);
  return store;
}

/** A queryable that notes what it was asked for. */
function asking(): { readonly queryable: Queryable; readonly asked: string[] } {
  const asked: string[] = [];
  const select = async (matchers: Parameters<Queryable["select"]>[0], { after, until }: TimeSpan) => {
    asked.push(`${matchers.map(({ value }) => value).join(",")} ${after}..${until}`);
    return [];
  };
  return { queryable: { select }, asked };
}

test("the alerts that come with the product, end to end", async () => {
  const script = `
load 1m
  http_requests_total{status="200",pod="a"} 0+600x30
  http_requests_total{status="500",pod="a"} 0+12x30
  http_requests_total{status="503",pod="b"} 0+1x30
  training_round_completed_total{job="x"} 0+1x10 10x20
  training_round_completed_total{job="y"} 0+1x30
  fl_clients_connected{run="r"} 4x30
  fl_clients_expected{run="r"} 10x30
  fl_clients_connected{run="s"} 9x30
  fl_clients_expected{run="s"} 10x30
  cpu_usage_percent{instance="a"} 95x30
  memory_usage_percent{instance="a"} 99x30
  memory_usage_percent{instance="b"} 91x30
  up{job="db"} 1x25 0x5
  mongodb_connections_current 85x30
  mongodb_connections_available 100x30

eval instant at 30m rate(http_requests_total{status=~"5.."}[5m]) > 0.1
  {status="500",pod="a"} 0.2

eval instant at 45m increase(training_round_completed_total[30m]) == 0
  {job="x"} 0

eval instant at 31m increase(training_round_completed_total[15m]) == 0
  {job="x"} 0

eval instant at 30m fl_clients_connected < fl_clients_expected * 0.5
  fl_clients_connected{run="r"} 4

eval instant at 30m cpu_usage_percent > 90 or memory_usage_percent > 90
  cpu_usage_percent{instance="a"} 95
  memory_usage_percent{instance="b"} 91

eval instant at 30m up == 0
  up{job="db"} 0

eval instant at 30m mongodb_connections_current > mongodb_connections_available * 0.8
  mongodb_connections_current 85

eval instant at 30m avg(fl_clients_connected) / avg(fl_clients_expected) * 100
  {} 65

eval instant at 30m sum(fl_clients_connected) / sum(fl_clients_total) * 100

eval instant at 30m avg(cpu_usage_percent) by (instance)
  {instance="a"} 95
`;
  expect(await problemsOf(script)).toEqual([]);
});

test("a value of each type", async () => {
  const queryable = filled();
  const at = 10 * MINUTE;
  const value = async (text: string) => (await evaluateInstant(parseExpr(text), { queryable, at })).value;
  expect(await value("1 + 1")).toEqual({ type: "scalar", at, value: 2 });
  expect(await value("'x'")).toEqual({ type: "string", at, value: "x" });
  expect(await value("sum(rate(http_requests_total[5m]))")).toEqual({
    type: "vector",
    at,
    samples: [{ labels: [], value: 2 }],
  });
  const range = await value('http_requests_total{status="200"}[2m]');
  if (range.type !== "matrix") throw new Error("no matrix");
  expect(range.series.map(({ times, values }) => [[...times], [...values]])).toEqual([
    [
      [9 * MINUTE, at],
      [540, 600],
    ],
  ]);
  const steps = await value("max_over_time(http_requests_total[5m])[2m:1m]");
  expect(steps).toMatchObject({
    type: "matrix",
    series: [{ labels: [["status", "200"]] }, { labels: [["status", "500"]] }],
  });
});

test("a range has a series for every series that is there at any step", async () => {
  const { value } = await evaluateRange(parseExpr("http_requests_total > 300"), {
    queryable: filled(),
    from: 4 * MINUTE,
    until: 7 * MINUTE,
    stepMs: MINUTE,
  });
  if (value.type !== "matrix") throw new Error("no matrix");
  expect(value.series.map(({ labels, times }) => [labels[1]?.[1], [...times].map((time) => time / MINUTE)])).toEqual([
    ["200", [6, 7]],
    ["500", [6, 7]],
  ]);
});

test("what is selected is what the expression reads, once for each selector", async () => {
  const { queryable, asked } = asking();
  await evaluateInstant(parseExpr("rate(a[5m] offset 1m) + b @ 60"), { queryable, at: 600_000, lookbackMs: 1000 });
  await evaluateRange(parseExpr("max_over_time(a[5m:])"), { queryable, from: 0, until: 600_000, stepMs: 1000 });
  expect(asked).toEqual(["a 240000..540000", "b 59000..60000", "a -600000..600000"]);
  expect(SUBQUERY_STEP_MS).toBe(MINUTE);
});

test("queries that have no end or no sense are refused", async () => {
  const { queryable } = asking();
  const range = (text: string, until: number, stepMs: number) =>
    evaluateRange(parseExpr(text), { queryable, from: 0, until, stepMs });
  await expect(range("a", -1, 1)).rejects.toThrow("the step must be positive, the end not before the start");
  await expect(range("a", 1, 0)).rejects.toThrow("the step must be positive");
  await expect(range("a", MAX_STEPS, 1)).rejects.toMatchObject({ kind: "limit" });
  await expect(range("a[5m]", 1, 1)).rejects.toThrow('invalid expression type "range vector" for range query');
  await expect(range("'a'", 1, 1)).rejects.toThrow('invalid expression type "string"');
});

test("limits hold, and say so", async () => {
  const query = { queryable: filled(), at: 10 * MINUTE };
  const expr = parseExpr("rate(http_requests_total[5m])");
  await expect(evaluateInstant(expr, { ...query, maxSamples: 5 })).rejects.toMatchObject({ kind: "limit" });
  await expect(evaluateInstant(expr, { ...query, signal: AbortSignal.abort() })).rejects.toMatchObject({
    kind: "canceled",
  });
  const deadline = { now: () => 2, at: 1 };
  await expect(evaluateInstant(expr, { ...query, deadline })).rejects.toThrow("query timed out");
  const failing: Queryable = { select: () => Promise.reject(new Error("no storage")) };
  await expect(evaluateInstant(expr, { ...query, queryable: failing })).rejects.toThrow("no storage");
});

test("samples beside the span that was asked for change nothing", async () => {
  const store = filled();
  const exact: Queryable = store;
  const { value } = await evaluateInstant(parseExpr("count_over_time(http_requests_total[3m])"), {
    queryable: exact,
    at: 5 * MINUTE,
  });
  expect(value).toMatchObject({ samples: [{ value: 3 }, { value: 3 }] });
});

test("an evaluation over no steps has values without steps", () => {
  const times = { from: 0, until: 0, stepMs: 0 };
  const evaluation = new Evaluation({
    times,
    durations: { stepMs: 0, rangeMs: 0 },
    lookbackMs: 1,
    subqueryStepMs: 1,
    budget: new Budget(),
    selected: new Map(),
  });
  const none = { from: 0, stepMs: 1, steps: 0 };
  expect(vectorOf(evaluation, parseExpr("a"), none).rows).toBe(0);
  expect(scalarOf(evaluation, parseExpr("1"), none)).toHaveLength(0);
  expect(newFrame(evaluation, none, 3).values).toHaveLength(0);
  expect(() => vectorOf(evaluation, parseExpr("1"), { ...none, steps: 1 })).toThrow("number is no vector");
  expect(() => scalarOf(evaluation, parseExpr("a"), { ...none, steps: 1 })).toThrow("selector is no scalar");
  expect(() => evaluation.evaluate(parseExpr("a[5m]"), { ...none, steps: 1 })).toThrow(
    "a range has no value of its own",
  );
});
