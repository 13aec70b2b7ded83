import { Writer } from "@rondo/otlp";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Buckets, type ExponentialValue, exponentialPoints, MOST_BUCKETS } from "./exponential-value.ts";

const none: Buckets = { offset: 0, counts: [] };
const empty: ExponentialValue = { count: 0, scale: 0, zeroCount: 0, zeroThreshold: 0, positive: none, negative: none };
const buckets = fc.record({
  offset: fc.oneof(fc.integer({ min: -300, max: 300 }), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
  counts: fc.array(fc.nat({ max: 9 }), { maxLength: 20 }),
});
const value = fc
  .record({
    scale: fc.oneof(fc.integer({ min: -12, max: 21 }), fc.integer({ min: -20, max: 40 })),
    zeroCount: fc.nat({ max: 9 }),
    zeroThreshold: fc.oneof(
      fc.constantFrom(0, 0, 1, 1e-9, 3.5, Number.MAX_VALUE),
      fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
    ),
    positive: buckets,
    negative: buckets,
  })
  .map((one): ExponentialValue => ({ ...one, count: total(one) }));

function total({
  zeroCount,
  positive,
  negative,
}: Pick<ExponentialValue, "zeroCount" | "positive" | "negative">): number {
  return [...positive.counts, ...negative.counts].reduce((sum, count) => sum + count, zeroCount);
}

function rewritten(one: ExponentialValue): unknown {
  const out = new Writer();
  exponentialPoints.write(out, one);
  const bytes = out.finish();
  return exponentialPoints.read(bytes, 0, bytes.length);
}

test("whatever is added, every count is in some bucket, the buckets stay few, and the sum survives the wire", () => {
  fc.assert(
    fc.property(value, value, value, (a, b, c) => {
      expect(rewritten(a)).toEqual(a);
      const two = exponentialPoints.add(a, b) ?? empty;
      const three = exponentialPoints.add(two, c);
      // A scale that had to become coarser than any is not added to any more.
      for (const sum of three === undefined ? [two] : [two, three]) {
        expect(total(sum)).toBe(sum.count);
        expect(Math.max(sum.positive.counts.length, sum.negative.counts.length)).toBeLessThanOrEqual(MOST_BUCKETS);
        expect(rewritten(sum)).toEqual(sum);
      }
    }),
    { numRuns: 500 },
  );
});

test("at a coarser scale neighbours become one, also below zero", () => {
  const fine = { ...empty, scale: 1, positive: { offset: -3, counts: [1, 2, 4, 8, 16] }, count: 31 };
  expect(exponentialPoints.add(fine, empty)).toMatchObject({ scale: 0, positive: { offset: -2, counts: [1, 6, 24] } });
});

test("far ends are brought together by a coarser scale", () => {
  const low = { ...empty, scale: 5, positive: { offset: -400, counts: [1] }, count: 1 };
  const high = { ...empty, scale: 5, positive: { offset: 400, counts: [2] }, count: 2 };
  const sum = exponentialPoints.add(low, high);
  expect(sum).toMatchObject({ scale: 2, positive: { offset: -50 } });
  expect(sum?.positive.counts).toHaveLength(101);
});

test("a wider zero bucket takes what lies below its end, of both signs", () => {
  const wide = { ...empty, zeroThreshold: 3 };
  const one = {
    ...{ ...empty, zeroCount: 1, count: 11 },
    // (1, 2], (2, 4], (4, 8]
    ...{ positive: { offset: 0, counts: [1, 2, 3] }, negative: { offset: 1, counts: [4] } },
  };
  expect(exponentialPoints.add(one, wide)).toMatchObject({
    ...{ zeroCount: 8, zeroThreshold: 4, positive: { offset: 2, counts: [3] }, negative: { counts: [] } },
  });
});

test.each([-21, 41, 2 ** 31 - 1])("a scale of %d is none that can be added to", (scale) => {
  expect(exponentialPoints.add(empty, { ...empty, scale })).toBeUndefined();
});

test("a width that is none is none", () => {
  for (const width of [Number.NaN, -1, Number.POSITIVE_INFINITY])
    expect(rewritten({ ...empty, zeroThreshold: width })).toEqual(empty);
});
