import { isStale, STALE_NAN } from "@rondo/promql";
import fc from "fast-check";
import { expect, test } from "vitest";
import { SeriesBuffer } from "./series-buffer.ts";

const samples = fc.array(fc.record({ time: fc.nat(40), value: fc.integer() }), { maxLength: 80 });
const everything = { after: -1, until: 1000 };

test("samples stand in order, the first of a time stays, old ones go, and nothing handed out changes", () => {
  fc.assert(
    fc.property(samples, fc.array(fc.nat(40), { maxLength: 5 }), (added, cuts) => {
      const buffer = new SeriesBuffer([["a", "b"]]);
      const model = new Map<number, number>();
      const handed: [Float64Array, number[]][] = [];
      let floor = 0;
      for (const [index, { time, value }] of added.entries()) {
        if (time < floor) continue;
        expect(buffer.add(time, value)).toBe(!model.has(time));
        if (!model.has(time)) model.set(time, value);
        if (index % 7 === 3) {
          floor = Math.max(floor, cuts[index % 5] ?? 0);
          const old = [...model.keys()].filter((one) => one < floor);
          expect(buffer.trim(floor)).toBe(old.length);
          for (const one of old) model.delete(one);
        }
        const view = buffer.within(everything);
        if (view !== undefined) handed.push([view.times, [...view.times]]);
      }
      const sorted = [...model].sort(([a], [b]) => a - b);
      const view = buffer.within(everything);
      expect([...(view?.times ?? [])].map((time, index) => [time, view?.values[index]])).toEqual(sorted);
      expect(buffer.length).toBe(sorted.length);
      for (const [times, before] of handed) expect([...times]).toEqual(before);
    }),
  );
});

test("a span is open on the left and closed on the right", () => {
  const buffer = new SeriesBuffer([]);
  for (const time of [10, 20, 30]) buffer.add(time, time);
  const times = (after: number, until: number) => [...(buffer.within({ after, until })?.times ?? [])];
  expect(times(10, 30)).toEqual([20, 30]);
  expect(times(9, 10)).toEqual([10]);
  expect(buffer.within({ after: 30, until: 100 })).toBeUndefined();
  expect(buffer.within({ after: 11, until: 19 })).toBeUndefined();
});

test("a stale marker is still one", () => {
  const buffer = new SeriesBuffer([]);
  buffer.add(2, STALE_NAN);
  buffer.add(1, 0);
  expect(isStale(buffer.within(everything)?.values[1] ?? 0)).toBe(true);
});
