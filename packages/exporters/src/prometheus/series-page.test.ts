import type { Series, SeriesKind } from "@rondo/prometheus";
import { STALE_NAN } from "@rondo/promql";
import { FakeClock } from "@rondo/testkit";
import { expect, test } from "vitest";
import { SeriesPage } from "./series-page.ts";

const series = (name: string, kind: SeriesKind = "gauge"): Series => ({
  labels: [["__name__", name]],
  family: { name, kind, unit: "", help: "" },
});

function setUp(limits: { expirationMs?: number; series?: number } = {}) {
  const clock = new FakeClock();
  const page = new SeriesPage({ expirationMs: 1_000, series: 10, ...limits }, clock);
  const put = (one: Series, time: number, value: number, tenant?: string) => {
    const reader = page.reader(tenant);
    reader.sample(one, time, value);
    reader.pointEnd();
    return reader.refused;
  };
  const shown = () =>
    page.families().flatMap(({ family, rows }) => [...rows.values()].map(({ value }) => `${family.name} ${value}`));
  return { clock, page, put, shown };
}

test("the newest value stays, whatever comes later; of one time the last", () => {
  const { put, shown } = setUp();
  put(series("b"), 2, 20);
  put(series("b"), 1, 10);
  put(series("a"), 1, 1);
  expect(shown()).toEqual(["a 1", "b 20"]);
  put(series("b"), 2, 21);
  expect(shown()).toEqual(["a 1", "b 21"]);
});

test("a stale marker takes its series away", () => {
  const { put, shown } = setUp();
  put(series("a"), 1, 1);
  put(series("a"), 0, STALE_NAN);
  expect(shown()).toEqual(["a 1"]);
  put(series("a"), 2, STALE_NAN);
  put(series("never there"), 2, STALE_NAN);
  expect(shown()).toEqual([]);
});

test("what nobody sends any more expires, also while nobody looks", async () => {
  const { clock, put, shown } = setUp({ series: 1 });
  put(series("a"), 1, 1);
  await clock.advance(1_000);
  expect(shown()).toEqual(["a 1"]);
  await clock.advance(1);
  expect(put(series("b"), 1, 1)).toBe(0);
  expect(shown()).toEqual(["b 1"]);
});

test("an expiration of 0 is never", async () => {
  const { clock, put, shown } = setUp({ expirationMs: 0 });
  put(series("a"), 1, 1);
  await clock.advance(1e12);
  expect(shown()).toEqual(["a 1"]);
});

test("a full page takes no further series, but new values of those that it has", () => {
  const { put, shown } = setUp({ series: 1 });
  expect(put(series("a"), 1, 1)).toBe(0);
  expect(put(series("b"), 1, 1)).toBe(1);
  expect(put(series("a"), 2, 2)).toBe(0);
  expect(shown()).toEqual(["a 2"]);
});

test("a series is the same whichever object it is, and another one for each tenant", () => {
  const { page, put } = setUp();
  put(series("a"), 1, 1);
  put(series("a"), 2, 2);
  put(series("a"), 1, 3, "hospital-1");
  const [family] = page.families();
  expect([...(family?.rows.values() ?? [])].map(({ labels, value }) => [labels.at(-1), value])).toEqual([
    [["__name__", "a"], 2],
    [["tenant", "hospital-1"], 3],
  ]);
});

test("a row keeps its newest exemplar", () => {
  const { page } = setUp();
  const reader = page.reader(undefined);
  const one = series("a", "counter");
  reader.sample(one, 1, 1);
  for (const time of [2, 3, 1]) reader.exemplar(one, { labels: [], time, value: time });
  reader.pointEnd();
  const [row] = page.families()[0]?.rows.values() ?? [];
  expect(row?.exemplar?.time).toBe(3);
});
