import { Writer } from "@rondo/otlp";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type HistogramValue, histogramPoints } from "./histogram-value.ts";

const count = fc.nat();
const optional = fc.option(fc.double({ noNaN: true }), { nil: undefined });
const histogram = fc
  .tuple(
    count,
    fc.array(count),
    fc.array(fc.double({ noNaN: true })),
    fc.record({ sum: optional, min: optional, max: optional }),
  )
  .map(([all, counts, bounds, summary]): HistogramValue => {
    const known = Object.entries(summary).filter(([, value]) => value !== undefined);
    return { count: all, counts, bounds, ...Object.fromEntries(known) };
  });

test("a histogram is the same after it was written and read", () => {
  fc.assert(
    fc.property(histogram, (value) => {
      const out = new Writer();
      histogramPoints.write(out, value);
      const bytes = out.finish();
      expect(histogramPoints.read(bytes, 0, bytes.length)).toEqual(value);
    }),
  );
});

test("buckets are added where the bounds are equal, and neither histogram is changed", () => {
  const one: HistogramValue = { count: 3, counts: [1, 2], bounds: [5], sum: 2 };
  const other: HistogramValue = { count: 4, counts: [4, 0], bounds: [5], sum: 1, max: 3 };
  expect(histogramPoints.add(one, other)).toEqual({ count: 7, counts: [5, 2], bounds: [5], sum: 3 });
  expect([one.counts, other.counts]).toEqual([
    [1, 2],
    [4, 0],
  ]);
});

test.each([[[6]], [[]], [[5, 6]]])("with the bounds %j instead there is nothing to add to", (bounds) => {
  expect(
    histogramPoints.add({ count: 1, counts: [1, 0], bounds: [5] }, { count: 1, counts: [1], bounds }),
  ).toBeUndefined();
});
