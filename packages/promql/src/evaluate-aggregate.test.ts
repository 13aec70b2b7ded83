import { problemsOf } from "@rondo/testkit/promql-cases";
import { expect, test } from "vitest";
import { aggregations } from "./aggregations.ts";
import { evaluateAggregate } from "./evaluate-aggregate.ts";
import { evaluateCall } from "./evaluate-call.ts";
import { AGGREGATIONS } from "./keywords.ts";
import { pickRows } from "./pick-rows.ts";

const LOAD = `
load 1m
  v{g="a",i="1"} 1 1
  v{g="a",i="2"} 3 _
  v{g="b",i="1"} 5 NaN
  v{g="b",i="2"} 7 8
`;

test("groups by labels, without labels, or all in one", async () => {
  const script = `${LOAD}
eval instant at 0 sum by (g) (v)
  {g="a"} 4
  {g="b"} 12

eval instant at 0 sum without (g) (v)
  {i="1"} 6
  {i="2"} 10

eval instant at 0 sum by (nope) (v) - sum(v)
  {} 0

eval instant at 0 sum by (__name__, g) (v)
  v{g="a"} 4
  v{g="b"} 12

eval range from 0 to 1m step 1m sum by (g) (v offset 0s)
  {g="a"} 4 4
  {g="b"} 12 NaN

eval instant at 0 sum(nope)
`;
  expect(await problemsOf(script)).toEqual([]);
});

test("each reduction", async () => {
  const script = `${LOAD}
eval instant at 0 avg(v) * 10 + count(v)
  {} 44

eval instant at 1m min by (g) (v)
  {g="a"} 1
  {g="b"} 8

eval instant at 1m max by (g) (v)
  {g="a"} 3
  {g="b"} 8

eval instant at 0 stdvar(v)
  {} 5

eval instant at 0 stddev(v) ^ 2
  {} 5

eval instant at 0 group by (g) (v)
  {g="a"} 1
  {g="b"} 1

eval instant at 0 quantile(0.5, v)
  {} 4

eval instant at 0 quantile(2, v)
  expect warn msg: PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)
  {} Inf

eval instant at 1m count_values("value", v)
  {value="1"} 1
  {value="3"} 1
  {value="NaN"} 1
  {value="8"} 1

eval instant at 0 count_values without (i) ("g", v > 1)
  {g="3"} 1
  {g="5"} 1
  {g="7"} 1
`;
  expect(await problemsOf(script)).toEqual([]);
});

test("picking series leaves them as they are", async () => {
  const script = `${LOAD}
eval instant at 0 topk(2, v)
  expect ordered
  v{g="b",i="2"} 7
  v{g="b",i="1"} 5

eval instant at 0 bottomk by (g) (1, v)
  v{g="a",i="1"} 1
  v{g="b",i="1"} 5

eval range from 0 to 1m step 1m topk(1, v)
  v{g="b",i="2"} 7 8

eval instant at 0 count(limitk(3, v))
  {} 3

eval instant at 0 count(limit_ratio(0.5, v) or limit_ratio(-0.5, v))
  {} 4

eval instant at 0 limit_ratio(0.5, v) and limit_ratio(-0.5, v)

eval instant at 0 limit_ratio(1.5, v) unless v
  expect warn msg: PromQL warning: ratio value should be between -1 and 1, got 1.5, capping to 1 (1:13)

eval instant at 0 topk(0, v)

eval instant at 0 topk(NaN, v)
  expect fail msg: Parameter value is NaN

eval instant at 0 topk(1e30, v)
  expect fail msg: Scalar value 1e+30 overflows int64
`;
  expect(await problemsOf(script)).toEqual([]);
});

test("histograms add up among themselves, and are left out where numbers are compared", async () => {
  const script = `
load 1m
  h{k="a"} {{schema:0 sum:1 count:1 buckets:[1]}}
  h{k="b"} {{schema:1 sum:2 count:3 buckets:[1 2]}}
  c {{schema:-53 sum:1 count:1 custom_values:[1] buckets:[1]}}
  f 5

eval instant at 0 sum(h)
  {} {{schema:0 sum:3 count:4 buckets:[2 2]}}

eval instant at 0 avg(h)
  {} {{schema:0 sum:1.5 count:2 buckets:[1 1]}}

eval instant at 0 count({__name__=~"h|f"})
  {} 3

eval instant at 0 sum({__name__=~"h|f"})
  expect warn msg: PromQL warning: encountered a mix of histograms and floats for aggregation (1:5)

eval instant at 0 max({__name__=~"h|f"})
  expect info msg: PromQL info: ignored histogram in max aggregation (1:5)
  {} 5

eval instant at 0 sum({__name__=~"h|c"})
  expect warn regex: mix of histograms with exponential and custom buckets schemas

eval instant at 0 topk(5, h)
  expect info msg: PromQL info: ignored histogram in topk aggregation (1:1)

eval instant at 0 count_values("v", h{k="a"})
  {v="{count:1, sum:1, (0.5,1]:1}"} 1
`;
  expect(await problemsOf(script)).toEqual([]);
});

test("every aggregation is in one of the tables", () => {
  const picking = ["topk", "bottomk", "limitk", "limit_ratio", "count_values"];
  expect([...Object.keys(aggregations), ...picking].sort()).toEqual(Object.keys(AGGREGATIONS).sort());
  for (const part of [evaluateAggregate, evaluateCall, pickRows]) expect(part).toBeTypeOf("function");
});
