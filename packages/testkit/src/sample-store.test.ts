import { isStale, labelsOf, matcher } from "@rondo/promql";
import { expect, test } from "vitest";
import { parseHistogramNotation } from "./histogram-notation.ts";
import { nativeOfClassic } from "./native-of-classic.ts";
import { SampleStore } from "./sample-store.ts";
import { parseSeries } from "./series-notation.ts";

const all = { after: -1, until: 1e9 };

test("series are found by their labels, samples in the order of time, the last word at a time counts", async () => {
  const store = new SampleStore();
  store.add(labelsOf({ __name__: "a", x: "1" }), [
    { time: 20, value: 2 },
    { time: 10, value: 1 },
  ]);
  store.add(labelsOf({ __name__: "a", x: "1" }), [{ time: 20, value: 3 }]);
  store.add(labelsOf({ __name__: "b" }), [{ time: 10, value: 5 }]);
  const [found, ...others] = await store.select([matcher("x", "=~", ".+")], all);
  expect(others).toEqual([]);
  expect([...(found?.times ?? [])]).toEqual([10, 20]);
  expect([...(found?.values ?? [])]).toEqual([1, 3]);
  expect(await store.select([matcher("__name__", "=", "b")], { after: 10, until: 50 })).toEqual([]);
  expect(store.labels).toHaveLength(2);
  store.clear();
  expect(store.labels).toEqual([]);
});

test("the marker of an ended series keeps its bits", async () => {
  const store = new SampleStore();
  store.add(labelsOf({ a: "1" }), [
    { time: 0, value: 1 },
    { time: 1, value: "stale" },
    { time: 2, value: NaN },
  ]);
  const [found] = await store.select([], all);
  expect([0, 1, 2].map((index) => isStale(found?.values[index] ?? 0))).toEqual([false, true, false]);
});

test("histograms of one counter follow each other, after a reset or a gauge nothing is sure", async () => {
  const store = new SampleStore();
  const counts = ["count:1", "count:2", "count:1", "count:5 counter_reset_hint:gauge", "count:6"].map(
    parseHistogramNotation,
  );
  store.add(
    labelsOf({ a: "1" }),
    counts.map((value, time) => ({ time, value })),
  );
  const [found] = await store.select([], all);
  expect(found?.histograms?.map((one) => one?.resetHint)).toEqual([
    "unknown",
    "not_reset",
    "unknown",
    "gauge",
    "unknown",
  ]);
});

test("classic histograms become native ones with their bounds", () => {
  const series = ['d_bucket{le="1"} 1 2', 'd_bucket{le="+Inf"} 3 _', "d_sum 4 5", "d_count 3 4", "other 1"].map(
    parseSeries,
  );
  const [native, ...others] = nativeOfClassic(series);
  expect(others).toEqual([]);
  expect(native?.labels).toEqual(labelsOf({ __name__: "d" }));
  expect(native?.values).toEqual([
    expect.objectContaining({ schema: -53, count: 3, sum: 4, customValues: [1], positiveBuckets: [1, 2] }),
    undefined,
  ]);
});
