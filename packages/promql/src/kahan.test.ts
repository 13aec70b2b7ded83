import fc from "fast-check";
import { expect, test } from "vitest";
import { KahanSum, RunningMean } from "./kahan.ts";

function sumOf(values: readonly number[]): number {
  const sum = new KahanSum();
  for (const value of values) sum.add(value);
  return sum.total;
}

function meanOf([first = 0, ...others]: readonly number[]): number {
  const mean = new RunningMean(first);
  for (const value of others) mean.add(value);
  return mean.mean;
}

test("what rounding would lose is kept", () => {
  expect(sumOf([1, 1e100, 1, -1e100])).toBe(2);
  expect(sumOf(new Array(10).fill(0.1))).toBe(1);
});

test("infinities and NaN go through", () => {
  expect(sumOf([1, Infinity, 2])).toBe(Infinity);
  expect(sumOf([Infinity, -Infinity])).toBeNaN();
  expect(sumOf([1, NaN])).toBeNaN();
  expect(meanOf([Infinity, 1])).toBe(Infinity);
  expect(meanOf([-Infinity, Infinity])).toBeNaN();
});

test("a mean exists even where the sum does not", () => {
  const big = 1.7e308;
  expect(meanOf([big, big, big])).toBeCloseTo(big, -300);
  expect(meanOf([52, 52, 52, 52, 52, 52, 52])).toBe(52);
});

test("sums of integers are exact in any order", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -(2 ** 40), max: 2 ** 40 }), { minLength: 1, maxLength: 50 }), (values) => {
      const exact = values.reduce((sum, value) => sum + value, 0);
      expect(sumOf(values)).toBe(exact);
      expect(meanOf(values)).toBeCloseTo(exact / values.length, 3);
    }),
  );
});
