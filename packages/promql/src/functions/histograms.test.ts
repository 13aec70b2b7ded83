import { problemsOf } from "@rondo/testkit/promql-cases";
import { expect, test } from "vitest";
import { HISTOGRAM_FUNCTIONS } from "./histograms.ts";

const LOAD = `
load_with_nhcb 1m
  d_bucket{job="a",le="0.1"} 0+10x10
  d_bucket{job="a",le="0.5"} 0+60x10
  d_bucket{job="a",le="1"} 0+90x10
  d_bucket{job="a",le="+Inf"} 0+100x10
  d_sum{job="a"} 0+40x10
  d_count{job="a"} 0+100x10
  n {{schema:0 sum:10 count:8 buckets:[2 4 2]}}
`;

test("quantiles of classic histograms and of the same ones as native", async () => {
  const script = `${LOAD}
eval instant at 10m histogram_quantile(0.5, rate(d_bucket[5m]))
  {job="a"} 0.42

eval instant at 10m histogram_quantile(0.5, rate(d[5m]))
  {job="a"} 0.42

eval instant at 10m histogram_quantile(0.95, rate(d_bucket[5m])) < 0.2

eval instant at 10m histogram_quantile(0.99, d_bucket)
  {job="a"} 1

eval instant at 10m histogram_quantile(0.9, sum by (le) (d_bucket))
  {} 1

eval instant at 10m histogram_fraction(0, 0.5, d_bucket)
  {job="a"} 0.6

eval instant at 10m histogram_fraction(0, 0.5, d)
  {job="a"} 0.6

eval instant at 10m histogram_quantiles(d_bucket, "q", 0.1, 0.5)
  {job="a",q="0.1"} 0.1
  {job="a",q="0.5"} 0.42

eval instant at 10m histogram_avg(d) * histogram_count(d) - histogram_sum(d)
  {job="a"} 0

eval instant at 10m histogram_quantile(2, d_bucket)
  expect warn msg: PromQL warning: quantile value should be between 0 and 1, got 2 (1:20)
  {job="a"} Inf
`;
  expect(await problemsOf(script)).toEqual([]);
});

test("native histograms: the middle of a bucket is geometric", async () => {
  const script = `${LOAD}
eval instant at 0 histogram_quantile(0.5, n)
  {} 1.4142135623730951

eval instant at 0 histogram_fraction(1, 2, n)
  {} 0.5

eval instant at 0 histogram_stddev(n) ^ 2 / histogram_stdvar(n)
  {} 1

eval instant at 0 histogram_count(d_bucket)
`;
  expect(await problemsOf(script)).toEqual([]);
});

test("buckets without a bound, and classic beside native ones, are warned of", async () => {
  const script = `
load 1m
  x{le="1"} 1
  x{le="+Inf"} 2
  x {{schema:0 sum:1 count:1 buckets:[1]}}
  y{le="abc"} 1
  z{le="1"} 5
  z{le="2"} 3
  z{le="+Inf"} 8

eval instant at 0 histogram_quantile(0.5, x)
  expect warn msg: PromQL warning: vector contains a mix of classic and native histograms for metric name "x" (1:25)

eval instant at 0 histogram_quantile(0.5, y)
  expect warn msg: PromQL warning: bucket label "le" is missing or has a malformed value of "abc" for metric name "y" (1:25)

eval instant at 0 histogram_quantile(0.25, z)
  expect info regex: needed to be fixed for monotonicity .* for metric name "z" \\(1:26\\)
  {} 0.4

eval instant at 0 histogram_quantiles(z, "le", 0.5, 0.5)
  expect fail
`;
  expect(await problemsOf(script)).toEqual([]);
  expect(HISTOGRAM_FUNCTIONS.map(({ name }) => name)).toContain("histogram_quantile");
});
