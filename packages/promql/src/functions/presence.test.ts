import { problemsOf } from "@rondo/testkit/promql-cases";
import { expect, test } from "vitest";
import { PRESENCE_FUNCTIONS } from "./presence.ts";

test("absence has the labels that were asked for", async () => {
  const script = `
load 1m
  up{job="a"} 1 _ _ _ _ _ _ _ 1

eval instant at 0 absent(up)

eval instant at 0 absent(up{job="b", env=~"x|y"})
  {job="b"} 1

eval instant at 0 absent((nope{a="1", a="2", b="3"}))
  {b="3"} 1

eval instant at 0 absent(sum(nope{a="1"}))
  {} 1

eval range from 0 to 8m step 2m absent(up)
  {} _ _ _ 1 _

eval range from 0 to 8m step 2m absent_over_time(up{job="a"}[1m30s])
  {job="a"} _ 1 1 1 _

eval instant at 5m absent_over_time(rate(nope[5m])[5m:])
  {} 1
`;
  expect(await problemsOf(script)).toEqual([]);
});

test("scalars of vectors, vectors of scalars", async () => {
  const script = `
load 1m
  v{k="a"} 1 1
  v{k="b"} _ 2
  h {{schema:0 count:1 sum:1 buckets:[1]}}

eval range from 0 to 1m step 1m scalar(v)
  {} 1 NaN

eval instant at 0 scalar(h)
  NaN

eval instant at 0 vector(5) + 1
  {} 6

eval instant at 0 min_of(2, max_of(1, 3)) + max_of(1, NaN)
  NaN
`;
  expect(await problemsOf(script)).toEqual([]);
  expect(PRESENCE_FUNCTIONS.map(({ name }) => name)).toContain("absent_over_time");
});
