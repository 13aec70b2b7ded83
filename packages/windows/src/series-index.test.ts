import { labelsOf } from "@rondo/promql";
import { expect, test } from "vitest";
import { matching } from "./matchers.cases.ts";
import { SeriesBuffer } from "./series-buffer.ts";
import { MAX_SELECTORS, SeriesIndex } from "./series-index.ts";

function indexOf(...all: readonly Record<string, string>[]) {
  const index = new SeriesIndex();
  const add = (labels: Record<string, string>, time = 1) => {
    const series = index.list(new SeriesBuffer(labelsOf(labels)));
    series.add(time, 0);
    return series;
  };
  for (const labels of all) add(labels);
  const jobs = (...matchers: Parameters<typeof matching>) =>
    index.matching(matching(...matchers)).map(({ labels }) => labels.find(([name]) => name === "job")?.[1]);
  return { index, add, jobs };
}

test("series are found by name, by other labels and by their absence", () => {
  const { jobs } = indexOf(
    { __name__: "up", job: "a" },
    { __name__: "up", job: "b", zone: "1" },
    { __name__: "down", job: "c", zone: "1" },
  );
  expect(jobs("up")).toEqual(["a", "b"]);
  expect(jobs("up", ["zone", "=", ""])).toEqual(["a"]);
  expect(jobs("", ["zone", "=", "1"])).toEqual(["b", "c"]);
  expect(jobs("", ["__name__", "=~", "u.|d.+"])).toEqual(["a", "b", "c"]);
  expect(jobs("up", ["job", "!~", "a|b"])).toEqual([]);
  expect(jobs("other")).toEqual([]);
});

test("a selector that was asked before finds what came since, and looks at nothing twice", () => {
  const { index, add, jobs } = indexOf();
  expect(jobs("up")).toEqual([]);
  add({ __name__: "up", job: "a" });
  let asked = 0;
  const counting = matching("up").map((matcher) => ({ ...matcher, matches: () => ++asked > 0 }));
  for (let round = 0; round < 3; round++) expect(index.matching(counting)).toHaveLength(1);
  add({ __name__: "up", job: "b" });
  add({ __name__: "down", job: "c" });
  expect(index.matching(counting)).toHaveLength(2);
  expect(asked).toBe(2);
  for (let other = 0; other <= MAX_SELECTORS; other++) index.matching(matching("up", ["x", "!=", String(other)]));
  expect(jobs("up")).toEqual(["a", "b"]);
});

test("a series whose samples are all too old is forgotten, and listed again by who holds it", () => {
  const { index, add, jobs } = indexOf();
  const old = add({ __name__: "up", job: "a" }, 1);
  add({ __name__: "up", job: "b" }, 9);
  expect(jobs("up")).toEqual(["a", "b"]);
  expect(index.trim(5)).toBe(1);
  expect([index.size, old.listed, jobs("up")]).toEqual([1, false, ["b"]]);
  expect(index.list(old)).toBe(old);
  expect([index.size, old.listed, jobs("up")]).toEqual([2, true, ["b", "a"]]);
  expect(index.get(old.labels)).toBe(old);
});
