import { problemsOf } from "@rondo/testkit/promql-cases";
import { expect, test } from "vitest";
import { REGRESSION_FUNCTIONS } from "./regression.ts";

test("a line through samples, its slope and where it leads", async () => {
  const script = `
load 1m
  g{k="line"} 0+60x10
  g{k="flat"} 7x10
  g{k="inf"} Inf Inf Inf
  g{k="one"} 1

eval instant at 10m deriv(g{k!="one"}[20m])
  {k="line"} 1
  {k="flat"} 0
  {k="inf"} NaN

eval instant at 10m predict_linear(g{k=~"line|flat"}[20m], 600)
  {k="line"} 1200
  {k="flat"} 7

eval instant at 10m deriv(g{k="one"}[20m])

eval instant at 10m double_exponential_smoothing(g{k="line"}[20m], 0.5, 0.5)
  {k="line"} 600

eval instant at 10m double_exponential_smoothing(g{k="line"}[20m], 1, 0.5)
  expect fail msg: invalid smoothing factor. Expected: 0 < sf < 1, got: 1.000000

eval instant at 10m double_exponential_smoothing(g{k="line"}[20m], 0.5, 0)
  expect fail msg: invalid trend factor. Expected: 0 < tf < 1, got: 0.000000
`;
  expect(await problemsOf(script)).toEqual([]);
  expect(REGRESSION_FUNCTIONS).toHaveLength(3);
});
