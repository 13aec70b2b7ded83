import { problemsOf } from "@rondo/testkit/promql-cases";
import { expect, test } from "vitest";
import { TIME_FUNCTIONS } from "./time.ts";

test("the calendar is UTC and knows leap years", async () => {
  const script = `
eval instant at 0 year()
  {} 1970

eval instant at 0 day_of_week()
  {} 4

eval instant at 0 year(vector(1709251199)) * 10000 + month(vector(1709251199)) * 100 + day_of_month(vector(1709251199))
  {} 20240229

eval instant at 0 hour(vector(1709251199)) * 100 + minute(vector(1709251199))
  {} 2359

eval instant at 0 day_of_year(vector(1709251200))
  {} 61

eval instant at 0 days_in_month(vector(1707000000))
  {} 29

eval instant at 0 days_in_month(vector(1738600000))
  {} 28
`;
  expect(await problemsOf(script)).toEqual([]);
});

test("timestamp is that of the sample for a selector, that of the step for anything computed", async () => {
  const script = `
load 1m
  v 1 _ 3

eval instant at 90s timestamp(v)
  {} 0

eval instant at 90s timestamp((v))
  {} 0

eval instant at 90s timestamp(v + 0)
  {} 90

eval instant at 90s timestamp(v @ 120)
  {} 120

eval instant at 5m timestamp(v offset 2m)
  {} 120
`;
  expect(await problemsOf(script)).toEqual([]);
});

test("a query tells its own times", async () => {
  const script = `
eval instant at 90s time()
  90

eval instant at 0 pi()
  3.141592653589793

eval range from 1m to 3m step 1m (start() + end() + step()) / range()
  {} 2.5 2.5 2.5

eval instant at 1m step() + range()
  0

eval range from 0 to 1m step 30s time() - start()
  {} 0 30 60
`;
  expect(await problemsOf(script)).toEqual([]);
  expect(TIME_FUNCTIONS.filter(({ experimental }) => experimental).map(({ name }) => name)).toEqual([
    "start",
    "end",
    "step",
    "range",
  ]);
});
