import { problemsOf } from "@rondo/testkit/promql-cases";
import { expect, test } from "vitest";
import { MATH_FUNCTIONS } from "./math.ts";

test("each function on numbers of every kind", async () => {
  const script = `
load 1m
  v{n="one"} 1
  v{n="half"} -0.5
  v{n="inf"} -Inf
  v{n="nan"} NaN
  v{n="h"} {{schema:0 sum:1 count:1 buckets:[1]}}

eval instant at 0 abs(v)
  {n="one"} 1
  {n="half"} 0.5
  {n="inf"} Inf
  {n="nan"} NaN

eval instant at 0 ceil(v{n="half"}) + floor(v{n="half"})
  {n="half"} -1

eval instant at 0 sgn(v)
  {n="one"} 1
  {n="half"} -1
  {n="inf"} -1
  {n="nan"} NaN

eval instant at 0 exp(ln(v{n="one"} + 1))
  {n="one"} 2

eval instant at 0 log2(v{n="one"} * 8) + log10(v{n="one"} * 1000)
  {n="one"} 6

eval instant at 0 sqrt(v{n="half"})
  {n="half"} NaN

eval instant at 0 deg(rad(v{n="one"} * 90))
  {n="one"} 90

eval instant at 0 sin(v{n="one"}) ^ 2 + cos(v{n="one"}) ^ 2
  {n="one"} 1

eval instant at 0 tan(atan(v{n="one"})) + asin(v{n="one"}) + acos(v{n="one"})
  {n="one"} 2.5707963267948966

eval instant at 0 sinh(asinh(v{n="one"})) + cosh(acosh(v{n="one"} + 1))
  {n="one"} 3

eval instant at 0 tanh(atanh(v{n="half"}))
  {n="half"} -0.5
`;
  expect(await problemsOf(script)).toEqual([]);
});

test("rounding goes up at ties, to any multiple, and clamping may leave nothing", async () => {
  const script = `
load 1m
  v{n="a"} 2.5
  v{n="b"} -2.5
  v{n="c"} 7.3

eval instant at 0 round(v)
  {n="a"} 3
  {n="b"} -2
  {n="c"} 7

eval instant at 0 round(v, 0.5)
  {n="a"} 2.5
  {n="b"} -2.5
  {n="c"} 7.5

eval instant at 0 clamp(v, 0, 5)
  {n="a"} 2.5
  {n="b"} 0
  {n="c"} 5

eval instant at 0 clamp(v, 5, 0)

eval instant at 0 clamp_min(clamp_max(v, 3), -1)
  {n="a"} 2.5
  {n="b"} -1
  {n="c"} 3

eval instant at 0 clamp_max(v, NaN)
  {n="a"} NaN
  {n="b"} NaN
  {n="c"} NaN
`;
  expect(await problemsOf(script)).toEqual([]);
});

test("every entry takes a vector and says what it does", () => {
  for (const { args, result, doc } of MATH_FUNCTIONS) {
    expect(args[0]).toBe("vector");
    expect(result).toBe("vector");
    expect(doc).toMatch(/\.$/);
  }
});
