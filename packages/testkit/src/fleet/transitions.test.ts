import { describe, expect, test } from "vitest";
import type { PlainRule } from "./outage-rules.ts";
import { slotsOf, transitionsOf } from "./transitions.ts";
import { episodesOf } from "./truth.ts";

const rule = (forMs: number): PlainRule => ({
  group: "g",
  alert: "Full",
  severity: "warning",
  forMs,
  holds: (now) => now.latest("full").filter(({ value }) => value === 1),
});

/** One series with a sample at 10, 20, 30 … */
function full(values: readonly number[]) {
  return [{ name: "full", labels: { x: "y" }, times: values.map((_, index) => 10 * (index + 1)), values }];
}

function changes(values: readonly number[], forMs: number) {
  const slots = values.map((_, index) => 10 * (index + 1));
  return transitionsOf(rule(forMs), full(values), slots, { startMs: 0, speed: 1 });
}

test("pending, firing once the duration has passed, inactive at the first slot without", () => {
  const found = changes([0, 1, 1, 1, 0], 20);
  expect(found.map(({ at, from, to }) => `${at} ${from} ${to}`)).toEqual([
    "20 inactive pending",
    "40 pending firing",
    "50 firing inactive",
  ]);
  expect(found.map(({ value }) => value)).toEqual([1, 1, undefined]);
  expect(found[0]?.labels).toEqual({ x: "y", severity: "warning", alertname: "Full" });
});

test("a gap begins the duration anew, and a second episode is another alert", () => {
  const found = changes([1, 0, 1, 1, 0, 1, 1], 10);
  expect(found.map(({ at, to }) => `${at} ${to}`)).toEqual([
    "10 pending",
    "20 inactive",
    "30 pending",
    "40 firing",
    "50 inactive",
    "60 pending",
    "70 firing",
  ]);
  const labels = { x: "y", severity: "warning", alertname: "Full" };
  expect(episodesOf(found)).toEqual([
    { labels, activeAt: 30, startsAt: 40, endsAt: 50 },
    { labels, activeAt: 60, startsAt: 70 },
  ]);
});

test("without a duration an alert fires at once", () => {
  const found = changes([1, 0], 0);
  expect(found.map(({ from, to }) => `${from} ${to}`)).toEqual(["inactive firing", "firing inactive"]);
  expect(episodesOf(found)).toMatchObject([{ activeAt: 10, startsAt: 10, endsAt: 20 }]);
});

describe("slots", () => {
  const slots = (startMs: number, speed: number, offset = 0) =>
    slotsOf("g", { intervalMs: 60_000, offsetsMs: { g: offset } }, { startMs, speed }, 180_000);
  test("are multiples of the interval after the start, up to the end", () => {
    expect(slots(0, 1)).toEqual([60_000, 120_000, 180_000]);
    expect(slots(1, 1)).toEqual([60_000, 120_000, 180_000]);
  });
  test("are moved by the group's offset", () => expect(slots(0, 1, 7)).toEqual([7, 60_007, 120_007]));
  test("come closer with the speed", () => expect(slots(6000, 60, 1)).toEqual([6001, 7001, 8001]));
  test("need a whole interval", () =>
    expect(() => slots(0, 7)).toThrow("60000 ms is not whole milliseconds at speed 7"));
});
