import { problemsOf } from "@rondo/testkit/promql-cases";
import { expect, test } from "vitest";
import { histogramsOverTime } from "./histogram-over-time.ts";
import { goNumber, OVER_TIME_FUNCTIONS } from "./over-time.ts";

test("each function over a range of numbers, gaps and NaN", async () => {
  const script = `
load 1m
  v{k="a"} 4 1 _ 9 2
  v{k="nan"} NaN 1 NaN 3 NaN
  v{k="none"} _ _ _ _ _ _ 1

eval instant at 4m sum_over_time(v[10m])
  {k="a"} 16
  {k="nan"} NaN

eval instant at 4m avg_over_time(v{k="a"}[10m])
  {k="a"} 4

eval instant at 4m min_over_time(v[10m])
  {k="a"} 1
  {k="nan"} 1

eval instant at 4m max_over_time(v[10m])
  {k="a"} 9
  {k="nan"} 3

eval instant at 4m count_over_time(v[2m])
  {k="a"} 2
  {k="nan"} 2

eval instant at 4m present_over_time(v[10m])
  {k="a"} 1
  {k="nan"} 1

eval instant at 4m last_over_time(v[10m]) + first_over_time(v[10m])
  {k="a"} 6
  {k="nan"} NaN

eval instant at 4m last_over_time(v{k="a"}[10m])
  v{k="a"} 2

eval instant at 4m stdvar_over_time(v{k="a"}[10m])
  {k="a"} 9.5

eval instant at 4m stddev_over_time(v{k="a"}[10m]) ^ 2
  {k="a"} 9.5

eval instant at 4m quantile_over_time(0.5, v{k="a"}[10m])
  {k="a"} 3

eval instant at 4m mad_over_time(v[10m])
  {k="a"} 1.5
  {k="nan"} NaN

eval instant at 4m ts_of_max_over_time(v{k="a"}[10m]) - ts_of_min_over_time(v{k="a"}[10m])
  {k="a"} 120

eval instant at 4m ts_of_last_over_time(v{k="a"}[10m]) - ts_of_first_over_time(v{k="a"}[10m])
  {k="a"} 240
`;
  expect(await problemsOf(script)).toEqual([]);
});

test("a range is open at its start", async () => {
  const script = `
load 1m
  v 1 2 3

eval instant at 2m count_over_time(v[2m])
  {} 2

eval instant at 2m sum_over_time(v[1m1ms])
  {} 5

eval instant at 2m sum_over_time(v[1m])
  {} 3

eval instant at 90s sum_over_time(v[30s])
`;
  expect(await problemsOf(script)).toEqual([]);
});

test("histograms add up, and do not mix with numbers or with other bounds", async () => {
  const script = `
load 1m
  h {{schema:0 sum:1 count:2 buckets:[1 1]}}x3
  mix 1 {{schema:0 sum:1 count:2 buckets:[1 1]}}
  unfit {{schema:0 sum:1 count:2 buckets:[1 1]}} {{schema:-53 sum:1 count:1 custom_values:[5] buckets:[1]}}
  bounds {{schema:-53 sum:1 count:3 custom_values:[5 10] buckets:[1 1 1]}} {{schema:-53 sum:1 count:2 custom_values:[10] buckets:[1 1]}}

eval instant at 3m sum_over_time(h[4m])
  {} {{schema:0 sum:4 count:8 buckets:[4 4]}}

eval instant at 3m avg_over_time(h[4m])
  {} {{schema:0 sum:1 count:2 buckets:[1 1]}}

eval instant at 3m sum_over_time(mix[4m])
  expect warn

eval instant at 3m max_over_time(mix[4m])
  expect info msg: PromQL info: ignored histograms in a range containing both floats and histograms for metric name "mix" (1:15)
  {} 1

eval instant at 3m avg_over_time(unfit[4m])
  expect warn

eval instant at 3m sum_over_time(bounds[4m])
  expect info msg: PromQL info: mismatched custom buckets were reconciled during aggregation (1:15)
  {} {{schema:-53 sum:2 count:5 custom_values:[10] buckets:[3 2]}}

eval instant at 3m quantile_over_time(1.5, v[4m])

eval instant at 1m count_over_time(mix[4m])
  {} 2
`;
  expect(await problemsOf(script)).toEqual([]);
  expect(histogramsOverTime).toBeTypeOf("function");
});

test("numbers in notes are written as Go writes them", () => {
  expect([1.5, 1e-7, 1e21, NaN, -Infinity, 2].map(goNumber)).toEqual(["1.5", "1e-07", "1e+21", "NaN", "-Inf", "2"]);
  expect(OVER_TIME_FUNCTIONS.every(({ name }) => name.endsWith("_over_time"))).toBe(true);
});
