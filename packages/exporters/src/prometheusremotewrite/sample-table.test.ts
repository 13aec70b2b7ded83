import type { Series } from "@rondo/prometheus";
import fc from "fast-check";
import { expect, test } from "vitest";
import { SampleTable } from "./sample-table.ts";

const series = (name: string): Series => ({
  labels: [["__name__", name]],
  family: { name, kind: "gauge", unit: "", help: "" },
});
const [A, B] = [series("a"), series("b")];

test("rows stand in the order in which they first came, those of one point with one number", () => {
  const table = new SampleTable();
  for (const time of [1, 2]) {
    table.sample(A, time, time);
    table.sample(B, time, -time);
    table.pointEnd();
  }
  expect(table.rows()).toEqual([
    { series: A, times: [1, 2], values: [1, 2], exemplars: [], points: 2, group: 0 },
    { series: B, times: [1, 2], values: [-1, -2], exemplars: [], points: 0, group: 0 },
  ]);
});

test("the first of several values at one time stays; another one is a clash, the same one is none", () => {
  const table = new SampleTable();
  for (const [time, value] of [
    [2, 5],
    [1, 4],
    [2, 5],
    [2, 6],
    [1, 7],
  ] as const) {
    table.sample(A, time, value);
    table.pointEnd();
  }
  expect(table.rows()).toMatchObject([{ times: [1, 2], values: [4, 5], points: 3 }]);
  expect(table.clashes).toBe(2);
});

test("what stands in no point is sent and not counted", () => {
  const table = new SampleTable();
  table.sample(A, 1, 1);
  table.pointEnd();
  table.sample(B, 1, 1);
  expect(table.rows().map(({ points }) => points)).toEqual([1, 0]);
});

test("exemplars go to the row of their series", () => {
  const table = new SampleTable();
  const exemplar = { labels: [], time: 1, value: 1 };
  table.exemplar(A, exemplar);
  table.sample(A, 1, 1);
  table.exemplar(A, exemplar);
  expect(table.rows()[0]?.exemplars).toEqual([exemplar]);
});

test("whatever comes in whatever order: times ascend, and nothing that was first at its time is lost", () => {
  const samples = fc.array(fc.tuple(fc.constantFrom(A, B), fc.nat(5), fc.nat(2)));
  fc.assert(
    fc.property(samples, (given) => {
      const table = new SampleTable();
      const first = new Map<string, number>();
      for (const [to, time, value] of given) {
        table.sample(to, time, value);
        table.pointEnd();
        const key = `${to.family.name} ${time}`;
        if (!first.has(key)) first.set(key, value);
      }
      const rows = table.rows();
      const kept = rows.flatMap(({ series: { family }, times, values }) =>
        times.map((time, index) => [`${family.name} ${time}`, values[index]] as const),
      );
      expect(new Map(kept)).toEqual(first);
      expect(kept.length).toBe(first.size);
      for (const { times } of rows) expect(times).toEqual([...times].sort((a, b) => a - b));
    }),
  );
});
