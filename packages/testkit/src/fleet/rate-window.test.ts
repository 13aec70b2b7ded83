import { describe, expect, test } from "vitest";
import { increaseIn, latestIn } from "./rate-window.ts";

const series = (...samples: readonly (readonly [time: number, value: number])[]) => ({
  name: "m",
  labels: {},
  times: samples.map(([time]) => time),
  values: samples.map(([, value]) => value),
});

test("the newest value counts until it is as old as the lookback", () => {
  const one = series([100, 7]);
  expect([99, 100, 399, 400].map((at) => latestIn(one, at, 300))).toEqual([undefined, 7, 7, undefined]);
});

describe("increase", () => {
  test("needs two samples in the window, which is open on its left", () => {
    const two = series([100, 5], [200, 9]);
    expect([199, 200, 299, 300, 400].map((at) => increaseIn(two, at, 200) !== undefined)).toEqual([
      false,
      true,
      true,
      false,
      false,
    ]);
  });
  test("extends to both borders where the series goes on", () => {
    // Seen: 20 over 40 of 60.
    expect(increaseIn(series([10, 100], [20, 105], [30, 110], [40, 115], [50, 120]), 60, 60)).toBeCloseTo(30);
  });
  test("extends by half a distance where it began or ended", () => {
    expect(increaseIn(series([100, 1000], [110, 1010]), 200, 200)).toBeCloseTo(20);
  });
  test("never goes back beyond the counter's zero", () => {
    // Half a distance would be 5; at this pace the counter was 0 only 2 before its first sample.
    expect(increaseIn(series([100, 2], [110, 12]), 110, 200)).toBeCloseTo(12);
  });
  test("takes a fall for a restart at 0", () => {
    expect(increaseIn(series([1, 100], [2, 110], [3, 4]), 3, 2.5)).toBeCloseTo((14 * 2.5) / 2);
  });
  test("of a counter that stands still is 0", () => {
    expect(increaseIn(series([0, 4], [15, 4], [30, 4]), 30, 300)).toBe(0);
  });
});
