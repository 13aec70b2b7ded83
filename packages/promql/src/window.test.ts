import { SampleStore } from "@rondo/testkit/sample-store";
import { expect, test } from "vitest";
import { parseHistogram } from "./functions/histograms.cases.ts";
import { labelsOf } from "./labels.ts";
import { matcher } from "./matcher.ts";
import type { SampleSeries } from "./queryable.ts";
import { rangeSamples, Window } from "./window.ts";

async function series(...values: readonly (number | "stale" | "h")[]): Promise<SampleSeries> {
  const store = new SampleStore();
  const histogram = parseHistogram("count:1");
  store.add(
    labelsOf({ __name__: "m" }),
    values.map((value, at) => ({ time: at * 10, value: value === "h" ? histogram : value })),
  );
  const [one] = await store.select([matcher("__name__", "=", "m")], { after: -1, until: 1e9 });
  if (one === undefined) throw new Error("no series");
  return one;
}

test("plain numbers are taken as they are, stale markers and histograms are taken out", async () => {
  const plain = await series(1, 2, 3);
  expect(rangeSamples(plain).values).toBe(plain.values);
  const mixed = rangeSamples(await series(1, "stale", "h", NaN, "h"));
  expect([...mixed.times]).toEqual([0, 30]);
  expect([...mixed.histogramTimes]).toEqual([20, 40]);
  expect(mixed.histograms).toHaveLength(2);
});

test("a window slides forward: open at its start, closed at its end", async () => {
  const window = new Window();
  window.enter(rangeSamples(await series(1, 2, "h", 4, 5)));
  window.slide(0, 20);
  expect([window.floats, window.value(window.from), window.histogramCount]).toEqual([1, 2, 1]);
  window.slide(20, 100);
  expect([window.floats, window.time(window.from), window.histogramCount]).toEqual([2, 30, 0]);
  window.slide(100, 200);
  expect(window.floats).toBe(0);
  expect(window.name).toBe("m");
});
