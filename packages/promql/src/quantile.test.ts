import fc from "fast-check";
import { expect, test } from "vitest";
import { quantileOf } from "./quantile.ts";

const of = (q: number, ...values: number[]) => quantileOf(q, Float64Array.from(values));

test("quantiles lie between the two nearest values", () => {
  expect(of(0.5, 4, 0, 1)).toBe(1);
  expect(of(0.8, 0, 4, 1)).toBeCloseTo(2.8, 10);
  expect(of(0, 3, 1, 2)).toBe(1);
  expect(of(1, 3, 1, 2)).toBe(3);
});

test("NaN counts as the smallest value", () => {
  expect(of(0, NaN, 1)).toBeNaN();
  expect(of(1, NaN, 1)).toBe(1);
  expect(of(0.8, 0, 1, NaN)).toBeCloseTo(0.6, 10);
});

test("outside [0, 1] and without values there is an answer too", () => {
  expect(of(-0.1, 1)).toBe(-Infinity);
  expect(of(1.1, 1)).toBe(Infinity);
  expect(of(NaN, 1)).toBeNaN();
  expect(of(0.5)).toBeNaN();
});

test("a quantile never leaves the values' range and grows with q", () => {
  const numbers = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1 });
  fc.assert(
    fc.property(
      numbers,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (values, a, b) => {
        const [low, high] = [of(Math.min(a, b), ...values), of(Math.max(a, b), ...values)];
        expect(low).toBeLessThanOrEqual(high + 1e-9);
        expect(low).toBeGreaterThanOrEqual(Math.min(...values) - 1e-9);
        expect(high).toBeLessThanOrEqual(Math.max(...values) + 1e-9);
      },
    ),
  );
});
