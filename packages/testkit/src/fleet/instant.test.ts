import { expect, test } from "vitest";
import { Instant } from "./instant.ts";
import type { PlainSeries } from "./plain-series.ts";

/** A counter that grows by 5 every 10 s of the description, played at `speed`. */
const series = (speed: number): readonly PlainSeries[] => [
  {
    name: "n_total",
    labels: { a: "1" },
    times: Array.from({ length: 10 }, (_, index) => (index * 10_000) / speed),
    values: Array.from({ length: 10 }, (_, index) => 100 + 5 * index),
  },
];

test.each([1, 10])("at speed %i durations shorten, and a rate is the description's", (speed) => {
  const now = new Instant(series(speed), { startMs: 0, speed }, 90_000 / speed);
  expect(now.rate("n_total", 50_000)).toMatchObject([{ labels: { a: "1" }, value: 0.5 }]);
  expect(now.increase("n_total", 50_000)).toMatchObject([{ value: 25 }]);
});

test("the lookback shortens too, and other names have nothing", () => {
  const at = (ms: number) => new Instant(series(10), { startMs: 0, speed: 10 }, ms);
  expect(at(9000 + 29_999).latest("n_total")).toMatchObject([{ value: 145 }]);
  expect(at(9000 + 30_000).latest("n_total")).toEqual([]);
  expect(at(9000).latest("m_total")).toEqual([]);
});
