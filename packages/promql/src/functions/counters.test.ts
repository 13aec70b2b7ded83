import { problemsOf } from "@rondo/testkit/promql-cases";
import { expect, test } from "vitest";
import { Window } from "../window.ts";
import { COUNTER_FUNCTIONS } from "./counters.ts";
import { rangeEnds } from "./extended-range.ts";
import { histogramsDiffer, isReset } from "./histogram-counters.ts";
import { parseHistogram } from "./histograms.cases.ts";

test("a rate counts resets as rises from zero", async () => {
  const script = `
load 1m
  c_total{k="steady"} 0+60x10
  c_total{k="reset"} 0+60x4 0+60x5
  c_total{k="flat"} 5x10
  c_total{k="once"} _ _ _ _ _ _ _ _ _ _ 7

eval instant at 10m rate(c_total[10m])
  {k="steady"} 1
  {k="reset"} 0.8888888888888888
  {k="flat"} 0

eval instant at 10m increase(c_total[5m])
  {k="steady"} 300
  {k="reset"} 300
  {k="flat"} 0

eval instant at 10m resets(c_total[11m])
  {k="steady"} 0
  {k="reset"} 1
  {k="flat"} 0
  {k="once"} 0

eval instant at 10m irate(c_total{k!="once"}[5m])
  {k="steady"} 1
  {k="reset"} 1
  {k="flat"} 0

eval instant at 5m irate(c_total{k="reset"}[2m])
  {k="reset"} 0
`;
  expect(await problemsOf(script)).toEqual([]);
});

test("extrapolation reaches the ends that samples come close to, and stops where a counter was zero", async () => {
  const script = `
load 1m
  c_total{k="zero"} 0+60x10
  c_total{k="young"} 30+60x10
  c_total{k="old"} 600+60x10
  c_total{k="gone"} 600+60x5

eval instant at 10m increase(c_total[20m])
  {k="zero"} 600
  {k="young"} 630
  {k="old"} 630
  {k="gone"} 360

eval instant at 10m delta(c_total{k="zero"}[20m])
  {k="zero"} 630
`;
  expect(await problemsOf(script)).toEqual([]);
});

test("gauges may fall, and a change is any other value", async () => {
  const script = `
load 1m
  g 5 3 3 NaN NaN 8

eval instant at 2m delta(g[3m])
  {} -3

eval instant at 2m idelta(g[2m])
  {} 0

eval instant at 5m changes(g[6m])
  {} 3

eval instant at 5m resets(g[3m])
  {} 0
`;
  expect(await problemsOf(script)).toEqual([]);
});

test("what is no counter by its name is noted, a mix of kinds is warned of", async () => {
  const script = `
load 1m
  gauge 1 2 3
  ok_total 1 2 3
  mix_total 1 2 {{schema:0 sum:1 count:1 buckets:[1]}}

eval instant at 2m rate(gauge[3m])
  expect info msg: PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "gauge" (1:6)
  {} 0.016666666666666666

eval instant at 2m rate(ok_total[3m])
  expect no_info
  expect no_warn
  {} 0.016666666666666666

eval instant at 2m increase(mix_total[3m])
  expect warn msg: PromQL warning: encountered a mix of histograms and floats for metric name "mix_total" (1:10)

eval instant at 2m irate(mix_total[3m])
  expect warn
`;
  expect(await problemsOf(script)).toEqual([]);
});

test("native histograms move bucket by bucket", async () => {
  const script = `
load 1m
  h {{schema:0 sum:1 count:2 buckets:[1 1]}}+{{schema:0 sum:2 count:3 buckets:[1 2]}}x5 {{schema:0 sum:1 count:1 buckets:[1]}}

eval instant at 5m increase(h[5m])
  {} {{schema:0 sum:10 count:15 buckets:[5 10] counter_reset_hint:gauge}}

eval instant at 6m increase(h[2m])
  {} {{schema:0 sum:2 count:2 buckets:[2] counter_reset_hint:gauge}}

eval instant at 6m resets(h[10m]) + changes(h[10m])
  {} 7

eval instant at 5m delta(h[5m])
  expect warn msg: PromQL warning: this native histogram metric is not a gauge: "h" (1:7)
  {} {{schema:0 sum:10 count:15 buckets:[5 10] counter_reset_hint:gauge}}

eval instant at 5m irate(h[5m])
  {} {{schema:0 sum:0.03333333333333333 count:0.05 buckets:[0.016666666666666666 0.03333333333333333]}}
`;
  expect(await problemsOf(script)).toEqual([]);
  const [a, b] = [parseHistogram("schema:0 count:2 buckets:[1 1]"), parseHistogram("schema:0 count:2 buckets:[2]")];
  expect(histogramsDiffer(a, b)).toBe(true);
  expect(histogramsDiffer(a, a)).toBe(false);
  expect(isReset(b, a)).toBe(true);
});

test("anchored ranges begin at the sample before them, smoothed ones between samples", async () => {
  const script = `
load 15s
  c_total 1+1x4 9+1x4
  h_total {{schema:0 sum:1 count:1 buckets:[1]}}x9

eval instant at 45s increase(c_total[30s] anchored)
  {} 2

eval instant at 40s increase(c_total[20s] smoothed)
  {} 1.3333333333333333

eval instant at 1m15s delta(c_total[15s] anchored)
  {} 4

eval instant at 1m rate(c_total[30s] anchored)
  {} 0.06666666666666667

eval instant at 40s c_total smoothed
  c_total 3.6666666666666665

eval instant at 1m c_total[20s] anchored
  expect range vector from 40s to 60s step 5s
  c_total 3 4 _ _ 5

eval instant at 1m min_over_time(c_total[30s] anchored)
  expect fail msg: anchored modifier can only be used with: changes, delta, increase, rate, resets - not with min_over_time

eval instant at 1m rate(h_total[30s] smoothed)
  expect fail msg: smoothed and anchored modifiers do not work with native histograms
`;
  expect(await problemsOf(script)).toEqual([]);
  expect(rangeEnds(new Window(), true)).toBeUndefined();
  expect(COUNTER_FUNCTIONS.map(({ name }) => name)).toContain("rate");
});

test("a known beginning of a counter tells resets, and how much it rose before its first sample", async () => {
  const script = `
load 1m
  c_total{k="unknown"} 30x10
  c_total{k="delta"}@st -1mx10
  c_total{k="delta"} 30x10
  c_total{k="restarted"}@st -1m -2m -3m -1s -61s -121s -181s _
  c_total{k="restarted"} 10 20 30 40 50 60 70 _
  c_total{k="once"}@st _ _ _ _ _ _ -30s
  c_total{k="once"} _ _ _ _ _ _ 9 _
  c_total{k="older"}@st _ _ _ _ _ _ -1h
  c_total{k="older"} _ _ _ _ _ _ 9 _

eval instant at 6m increase(c_total[4m])
  {k="unknown"} 0
  {k="delta"} 120
  {k="restarted"} 70
  {k="once"} 9

eval instant at 6m resets(c_total{k!~"once|older"}[5m])
  {k="unknown"} 0
  {k="delta"} 4
  {k="restarted"} 1

eval instant at 3m irate(c_total{k!~"once|older"}[2m])
  {k="unknown"} 0
  {k="delta"} 0.5
  {k="restarted"} 0.6666666666666666

# A step of a subquery is not the sample it shows.
eval instant at 6m increase(c_total{k="delta"}[4m:1m])
  {k="delta"} 0
`;
  expect(await problemsOf(script)).toEqual([]);
});
