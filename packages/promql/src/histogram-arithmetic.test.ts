import fc from "fast-check";
import { expect, test } from "vitest";
import { CUSTOM_BUCKETS, type FloatHistogram } from "./float-histogram.ts";
import { formatHistogram } from "./format-histogram.ts";
import { parseHistogram } from "./functions/histograms.cases.ts";
import {
  combineHistograms,
  divideHistogram,
  equalHistograms,
  outsideBuckets,
  scaleHistogram,
  wasReset,
} from "./histogram-arithmetic.ts";
import { bucketCounts, bucketsOf, pack, unpack, upperBound } from "./histogram-buckets.ts";
import { meanOfHistograms, sumHistograms } from "./histogram-sum.ts";
import { trimHistogram } from "./histogram-trim.ts";
import { nativeFraction, nativeQuantile } from "./native-quantile.ts";
import { withResetHints } from "./reset-hints.ts";

/** Histograms of exponential buckets whose counts are whole, so that sums are exact. */
const anyHistogram = fc
  .record({
    schema: fc.integer({ min: -2, max: 4 }),
    positive: fc.dictionary(fc.integer({ min: -8, max: 8 }).map(String), fc.integer({ min: 1, max: 50 })),
    negative: fc.dictionary(fc.integer({ min: -8, max: 8 }).map(String), fc.integer({ min: 1, max: 50 })),
    zeroCount: fc.integer({ min: 0, max: 9 }),
    zeroThreshold: fc.constantFrom(0, 0.001, 0.3, 1),
  })
  .map(({ schema, positive, negative, zeroCount, zeroThreshold }): FloatHistogram => {
    const counts = (side: Readonly<Record<string, number>>) =>
      new Map(Object.entries(side).map(([index, count]) => [Number(index), count] as const));
    const outside = new Map(
      [...counts(positive)].filter(([index]) => 2 ** ((index - 1) * 2 ** -schema) >= zeroThreshold),
    );
    const below = new Map(
      [...counts(negative)].filter(([index]) => 2 ** ((index - 1) * 2 ** -schema) >= zeroThreshold),
    );
    const [p, n] = [pack(outside), pack(below)];
    const count = [...outside.values(), ...below.values()].reduce((sum, one) => sum + one, zeroCount);
    return {
      schema,
      resetHint: "unknown",
      count,
      sum: count,
      zeroCount,
      zeroThreshold,
      positiveSpans: p.spans,
      positiveBuckets: p.buckets,
      negativeSpans: n.spans,
      negativeBuckets: n.buckets,
      customValues: [],
    };
  });

const total = (histogram: FloatHistogram) => bucketsOf(histogram).reduce((sum, { count }) => sum + count, 0);

test("packing leaves out what is empty and keeps every other count in its place", () => {
  const counts = new Map([
    [-3, 1],
    [-2, 0],
    [4, 2],
    [5, 3],
  ]);
  const { spans, buckets } = pack(counts);
  expect(spans).toEqual([
    { offset: -3, length: 1 },
    { offset: 6, length: 2 },
  ]);
  expect(unpack(spans, buckets)).toEqual(new Map([...counts].filter(([, count]) => count > 0)));
});

test("bounds are powers of two divided by the resolution, or as they are told", () => {
  const fine = parseHistogram("schema:2 count:1 buckets:[1]");
  expect([0, 1, 4, -4].map((index) => upperBound(fine, index))).toEqual([1, 2 ** 0.25, 2, 0.5]);
  const coarse = parseHistogram("schema:-2 count:1 buckets:[1]");
  expect(upperBound(coarse, 1)).toBe(16);
  const custom = parseHistogram(`schema:${CUSTOM_BUCKETS} custom_values:[1 5]`);
  expect([-1, 0, 1, 2].map((index) => upperBound(custom, index))).toEqual([-Infinity, 1, 5, Infinity]);
  expect(bucketCounts(fine, "positive")).toEqual(new Map([[0, 1]]));
});

test("a sum has every observation of both, at the coarser resolution and the wider zero", () => {
  fc.assert(
    fc.property(anyHistogram, anyHistogram, (a, b) => {
      const sum = combineHistograms(a, b, 1)?.histogram;
      const other = combineHistograms(b, a, 1)?.histogram;
      if (sum === undefined || other === undefined) throw new Error("they must go together");
      expect(total(sum)).toBe(total(a) + total(b));
      expect(sum.count).toBe(a.count + b.count);
      expect(sum.schema).toBe(Math.min(a.schema, b.schema));
      expect(sum.zeroThreshold).toBeGreaterThanOrEqual(Math.max(a.zeroThreshold, b.zeroThreshold));
      expect(equalHistograms(sum, other)).toBe(true);
    }),
  );
});

test("what is added can be taken away again", () => {
  fc.assert(
    fc.property(anyHistogram, anyHistogram, (a, b) => {
      const sum = combineHistograms(a, b, 1)?.histogram ?? a;
      const back = combineHistograms(sum, b, -1)?.histogram ?? a;
      expect(total(back)).toBe(total(a));
      expect(back.count).toBe(a.count);
      expect(wasReset(sum, a)).toBe(sum.schema > a.schema);
    }),
  );
});

test("sums of many are those of two by two, and compensate what rounding loses", () => {
  fc.assert(
    fc.property(fc.array(anyHistogram, { minLength: 1, maxLength: 5 }), (histograms) => {
      const { histogram } = sumHistograms(histograms);
      expect(histogram?.count).toBe(histograms.reduce((sum, { count }) => sum + count, 0));
      expect(total(histogram ?? scaleHistogram(parseHistogram(""), 0))).toBe(
        histograms.reduce((sum, one) => sum + total(one), 0),
      );
      expect(meanOfHistograms(histograms).histogram?.count).toBeCloseTo((histogram?.count ?? 0) / histograms.length, 9);
    }),
  );
  const sums = ["sum:1", "sum:1e100", "sum:1", "sum:-1e100"].map(parseHistogram);
  expect(sumHistograms(sums).histogram?.sum).toBe(2);
  const large = new Array(3).fill(parseHistogram("count:1.5e308 sum:1"));
  expect(meanOfHistograms(large).histogram?.count).toBeCloseTo(1.5e308, -300);
});

test("explicit bounds are reduced to the common ones, and never mix with exponential ones", () => {
  const a = parseHistogram("schema:-53 count:6 custom_values:[1 2 5] buckets:[1 2 3]");
  const b = parseHistogram("schema:-53 count:3 custom_values:[2 7] buckets:[1 1 1]");
  const sum = combineHistograms(a, b, 1);
  expect(sum?.reconciled).toBe(true);
  expect(sum?.histogram.customValues).toEqual([2]);
  expect(formatHistogram(sum?.histogram ?? a)).toBe("{count:9, sum:0, [-Inf,2]:4, (2,+Inf]:5}");
  expect(combineHistograms(a, parseHistogram("count:1 buckets:[1]"), 1)).toBeUndefined();
  expect(sumHistograms([a, parseHistogram("")]).unfit).toBe(1);
});

test("hints: a gauge makes a gauge, contradictions are unknown and told", () => {
  const hinted = (hint: string) => parseHistogram(`count:1 counter_reset_hint:${hint}`);
  expect(combineHistograms(hinted("gauge"), hinted("reset"), 1)?.histogram.resetHint).toBe("gauge");
  const clash = combineHistograms(hinted("reset"), hinted("not_reset"), 1);
  expect([clash?.histogram.resetHint, clash?.collision]).toEqual(["unknown", true]);
  expect(scaleHistogram(hinted("not_reset"), -1).resetHint).toBe("gauge");
  expect(wasReset(hinted("reset"), hinted("unknown"))).toBe(true);
  expect(wasReset(hinted("not_reset"), parseHistogram("count:5"))).toBe(false);
});

test("a reset is any count that fell, a finer resolution or a narrower zero", () => {
  const before = parseHistogram("schema:0 count:4 z_bucket_w:0.5 z_bucket:1 buckets:[1 2] offset:1");
  expect(wasReset(before, before)).toBe(false);
  for (const after of [
    "schema:0 count:3 z_bucket_w:0.5 z_bucket:1 buckets:[1 1] offset:1",
    "schema:0 count:9 z_bucket_w:0.5 z_bucket:1 buckets:[0 8] offset:1",
    "schema:1 count:9 z_bucket_w:0.5 z_bucket:1 buckets:[8] offset:1",
    "schema:0 count:9 z_bucket_w:0.1 z_bucket:1 buckets:[1 7] offset:1",
    "schema:-53 count:9 custom_values:[1] buckets:[9]",
  ])
    expect(wasReset(parseHistogram(after), before), after).toBe(true);
  const custom = parseHistogram("schema:-53 count:3 custom_values:[1] buckets:[1 2]");
  expect(wasReset(parseHistogram("schema:-53 count:3 custom_values:[1] buckets:[0 3]"), custom)).toBe(true);
  expect(outsideBuckets(parseHistogram("count:1 buckets:[1]"), 0.7)).toBe(1);
});

test("division by zero leaves totals alone", () => {
  const divided = divideHistogram(parseHistogram("count:5 sum:2 z_bucket:1 buckets:[1 3]"), 0);
  expect(formatHistogram(divided)).toBe("{count:+Inf, sum:+Inf, [0,0]:+Inf}");
});

test("trimming splits every observation between the two sides", () => {
  fc.assert(
    fc.property(anyHistogram, fc.double({ min: -300, max: 300, noNaN: true }), (histogram, bound) => {
      const [below, above] = [trimHistogram(histogram, bound, true), trimHistogram(histogram, bound, false)];
      expect(total(below) + total(above)).toBeCloseTo(total(histogram), 6);
    }),
  );
  const histogram = parseHistogram("count:2 sum:3 buckets:[1 1]");
  expect(trimHistogram(histogram, Infinity, true)).toBe(histogram);
  expect(trimHistogram(histogram, Infinity, false).count).toBe(0);
});

test("fractions undo quantiles", () => {
  fc.assert(
    fc.property(anyHistogram, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (histogram, q) => {
      fc.pre(histogram.count > 0);
      const value = nativeQuantile(q, histogram);
      const fraction = nativeFraction(-Infinity, value, histogram);
      // Between two buckets a quantile is their common bound, whose fraction is that of the lower one.
      const near = nativeFraction(-Infinity, value + Math.abs(value) * 1e-9 + 1e-12, histogram);
      expect(fraction).toBeLessThanOrEqual(q + 1e-6);
      expect(near).toBeGreaterThanOrEqual(q - 1e-6);
    }),
  );
});

test("hints that a storage left open are filled in where totals are all that counts", () => {
  const histograms = ["count:3", "count:5", "count:2"].map(parseHistogram);
  const series = { labels: [], times: Float64Array.of(1, 2, 3), values: new Float64Array(3), histograms };
  expect(withResetHints(series).histograms?.map((one) => one?.resetHint)).toEqual(["unknown", "not_reset", "reset"]);
  const floats = { labels: [], times: new Float64Array(0), values: new Float64Array(0) };
  expect(withResetHints(floats)).toBe(floats);
});
