import { expect, test } from "vitest";
import { durationMs, rangeMs } from "./duration-value.ts";
import type { Duration } from "./expr.ts";
import { parseExpr } from "./parse-expr.ts";
import { atTime, selectorSpans } from "./selector-spans.ts";
import { LOOKBACK_MS, selectorsOf } from "./selectors-of.ts";

const MINUTE = 60_000;
const reach = (text: string) => selectorsOf(parseExpr(text)).map(({ reachMs }) => reachMs / MINUTE);

test("the reach of the expressions that come with the product", () => {
  expect(reach('rate(http_requests_total{status=~"5.."}[5m]) > 0.1')).toEqual([5]);
  expect(reach("increase(training_round_completed_total[30m]) == 0")).toEqual([30]);
  expect(reach("fl_clients_connected < fl_clients_expected * 0.5")).toEqual([5, 5]);
  expect(reach("cpu_usage_percent > 90 or memory_usage_percent > 90")).toEqual([5, 5]);
  expect(reach("histogram_quantile(0.95, rate(http_request_duration_seconds_bucket[5m])) < 0.2")).toEqual([5]);
  expect(reach("rate(training_jobs_completed_total[1h]) / rate(training_jobs_started_total[1h]) * 100")).toEqual([
    60, 60,
  ]);
});

test("offsets, subqueries and extended ranges add up", () => {
  expect(reach("a offset 1h")).toEqual([65]);
  expect(reach("rate(a[5m] offset 1h)")).toEqual([65]);
  expect(reach("max_over_time(rate(a[5m])[1h:1m])")).toEqual([65]);
  expect(reach("max_over_time((a offset 2m)[1h:1m] offset 3m)")).toEqual([70]);
  expect(reach("rate(a[5m] anchored)")).toEqual([10]);
  expect(reach("topk(scalar(a), b)")).toEqual([5, 5]);
  expect(reach("info(a offset 1m, {b='c'})")).toEqual([6, 6]);
  expect(reach("vector(1) + time()")).toEqual([]);
});

test("what lies ahead and what is pinned is flagged", () => {
  expect(selectorsOf(parseExpr("a offset -10m"))[0]).toMatchObject({ reachMs: 0, aheadMs: 10 * MINUTE, pinned: false });
  expect(selectorsOf(parseExpr("a smoothed"))[0]).toMatchObject({ reachMs: LOOKBACK_MS, aheadMs: LOOKBACK_MS });
  expect(selectorsOf(parseExpr("rate(a[5m] @ 1000)"))[0]).toMatchObject({ reachMs: 0, aheadMs: 0, pinned: true });
  expect(selectorsOf(parseExpr("a @ end()"))[0]).toMatchObject({ reachMs: LOOKBACK_MS, pinned: false });
  expect(selectorsOf(parseExpr("sum_over_time(a[5m:1m] @ 100)"))[0]?.pinned).toBe(true);
});

test("options change what is taken for granted", () => {
  expect(selectorsOf(parseExpr("a"), { lookbackMs: 7 })[0]?.reachMs).toBe(7);
  expect(selectorsOf(parseExpr("rate(a[step() + 1m])"), { stepMs: MINUTE })[0]?.reachMs).toBe(2 * MINUTE);
  expect(() => selectorsOf(parseExpr("rate(a[step()])"))).toThrow("duration must be greater than 0");
});

test("spans are absolute for a query", () => {
  const query = { from: 1000, until: 2000, lookbackMs: 300, stepMs: 100, rangeMs: 1000 };
  const spans = selectorSpans(parseExpr("a + b @ start() offset 50ms"), query);
  expect(spans.map(({ after, until }) => [after, until])).toEqual([
    [700, 2000],
    [650, 950],
  ]);
  expect(atTime({ kind: "end" }, query)).toBe(2000);
  expect(selectorSpans(parseExpr("histogram_count(sum(a)) + b"), query).map(({ totalsOnly }) => totalsOnly)).toEqual([
    true,
    false,
  ]);
});

test("duration expressions are whole milliseconds, and refuse what has no value", () => {
  const context = { stepMs: 5000, rangeMs: 60_000 };
  const of = (text: string): Duration => {
    const expr = parseExpr(`a[${text}]`);
    if (expr.kind !== "range") throw new Error("no range");
    return expr.range;
  };
  const table: Readonly<Record<string, number>> = {
    "step() * 2": 10_000,
    "range() - step()": 55_000,
    "2 ^ 3 ^ 2": 512_000,
    "-(5m) + 6m": 60_000,
    "7s % 4": 3000,
    "1h / 7": 514_286,
    "min_of(1s, max_of(2s, 3s))": 1000,
    "1.001": 1001,
  };
  for (const [text, ms] of Object.entries(table)) expect(durationMs(of(text), context), text).toBe(ms);
  expect(() => durationMs(of("1 / (step() - 5)"), context)).toThrow("division by zero");
  expect(() => durationMs(of("1 % (step() - 5)"), context)).toThrow("modulo by zero");
  expect(() => durationMs(of("1h ^ 9"), context)).toThrow("duration is out of range");
  expect(() => rangeMs(of("step() - 5"), context)).toThrow("duration must be greater than 0");
});
