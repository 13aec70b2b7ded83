import { problemsOf } from "@rondo/testkit/promql-cases";
import { expect, test } from "vitest";
import { selectInstant } from "./instant-selector.ts";
import { rangeSource, subqueryGrid } from "./range-source.ts";
import { instantValue, matrixValue, rawMatrix } from "./to-value.ts";

test("the newest sample counts for five minutes, unless the series has ended", async () => {
  const script = `
load 1m
  a 1 2 _ _ _ _ _ _ _
  b 1 stale 3

eval range from 0 to 7m step 1m a
  a 1 2 2 2 2 2 _ _

eval instant at 5m59s999ms a
  a 2

eval instant at 6m a

eval range from 0 to 2m step 30s b
  b 1 1 _ _ 3

eval instant at 90s count_over_time(b[2m])
  {} 1
`;
  expect(await problemsOf(script)).toEqual([]);
});

test("offsets look back or ahead, @ fixes the time", async () => {
  const script = `
load 1m
  a 0+1x20

eval instant at 10m a offset 3m
  a 7

eval instant at 10m a offset -3m
  a 13

eval range from 5m to 7m step 1m a @ 120
  a 2 2 2

eval range from 5m to 7m step 1m a @ end() - a @ start()
  {} 2 2 2

eval instant at 10m sum_over_time(a[2m] @ 300 offset 1m)
  {} 7

eval instant at 0 a @ 1m40s
  a 1
`;
  expect(await problemsOf(script)).toEqual([]);
});

test("a subquery's steps are multiples of its own step", async () => {
  const script = `
load 10s
  a 0+1x60

eval instant at 95s count_over_time(a[60s:20s])
  {} 3

eval instant at 95s sum_over_time(a[60s:20s])
  {} 18

eval instant at 100s sum_over_time(a[60s:20s] offset 20s)
  {} 18

eval instant at 30s count_over_time(a[11s:20s])
  {} 1

eval instant at 30s count_over_time(a[10s:20s])

eval instant at 5m count_over_time(a[5m:])
  {} 5

eval instant at 5m max_over_time(deriv(a[1m])[5m:1m])
  {} 0.1

eval range from 1m to 3m step 1m sum_over_time(vector(1)[1m:30s])
  {} 2 2 2

eval instant at 5m max_over_time(sum_over_time(a[1m:10s])[2m:1m])
  {} 165
`;
  expect(await problemsOf(script)).toEqual([]);
  for (const part of [selectInstant, rangeSource, subqueryGrid, instantValue, matrixValue, rawMatrix])
    expect(part).toBeTypeOf("function");
});

test("ranges themselves can be asked for", async () => {
  const script = `
load 10s
  a 1 2 stale 4
  h {{schema:0 count:1 sum:1 buckets:[1]}} 2
  b 1

eval instant at 30s a[30s]
  expect range vector from 10s to 30s step 10s
  a 2 _ 4

eval instant at 30s h[1m]
  expect range vector from 0s to 30s step 10s
  h {{schema:0 count:1 sum:1 buckets:[1]}} 2

eval instant at 30s (a * 2)[20s:10s]
  expect range vector from 10s to 30s step 10s
  {} _ _ 8

eval instant at 10s abs({__name__=~"a|b"})[20s:10s]
  expect fail msg: vector cannot contain metrics with the same labelset
`;
  expect(await problemsOf(script)).toEqual([]);
});
