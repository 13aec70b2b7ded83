import fc from "fast-check";
import { expect, test } from "vitest";
import { type CumulativeBucket, classicFraction, classicQuantile } from "./classic-histogram.ts";

const buckets = (...pairs: readonly (readonly [number, number])[]): readonly CumulativeBucket[] =>
  pairs.map(([bound, count]) => ({ bound, count }));

test("quantiles are linear within a bucket, the lowest begins at zero", () => {
  const some = buckets([Infinity, 10], [1, 4], [2, 8]);
  expect(classicQuantile(0.2, some).value).toBe(0.5);
  expect(classicQuantile(0.6, some).value).toBe(1.5);
  expect(classicQuantile(0.9, some).value).toBe(2);
  expect(classicQuantile(0, buckets([-1, 2], [Infinity, 2])).value).toBe(-1);
});

test("what cannot be told is NaN", () => {
  for (const none of [buckets([1, 2]), buckets([Infinity, 2]), buckets([1, 0], [Infinity, 0])])
    expect(classicQuantile(0.5, none).value).toBeNaN();
  expect(classicQuantile(NaN, buckets([1, 1], [Infinity, 1])).value).toBeNaN();
  expect(classicQuantile(-1, buckets([1, 1], [Infinity, 1])).value).toBe(-Infinity);
  expect(classicQuantile(2, buckets([1, 1], [Infinity, 1])).value).toBe(Infinity);
  expect(classicFraction(0, 1, buckets([1, 2]))).toBeNaN();
});

test("counts that fall are held up, which is told; rounding is not", () => {
  const fallen = classicQuantile(0.5, buckets([1, 5], [2, 3], [Infinity, 8]));
  expect(fallen).toEqual({ value: 0.8, forced: true });
  expect(classicQuantile(0.5, buckets([1, 5], [2, 5 - 1e-13], [Infinity, 8])).forced).toBe(false);
});

test("equal bounds are one bucket", () => {
  expect(classicQuantile(0.5, buckets([1, 1], [1, 1], [Infinity, 4])).value).toBe(1);
});

test("fractions undo quantiles", () => {
  const counts = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 2, maxLength: 8 });
  fc.assert(
    fc.property(counts, fc.double({ min: 0.05, max: 1, noNaN: true }), (steps, share) => {
      let sum = 0;
      const some = steps.map((step, index) => {
        sum += step;
        return { bound: index + 1, count: sum };
      });
      const all = [...some, { bound: Infinity, count: sum }];
      const { value } = classicQuantile(share, all);
      expect(classicFraction(0, value, all)).toBeCloseTo(share, 9);
    }),
  );
  expect(classicFraction(2, 1, buckets([1, 1], [Infinity, 2]))).toBe(0);
});
