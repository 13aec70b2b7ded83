import { expect, test } from "vitest";
import { SeriesMemory } from "./series-memory.ts";

const family = { name: "x", kind: "gauge", unit: "", help: "" } as const;
const labels = (value: string) => [["a", value]] as const;

test("the same labels are the same series, for one generation after it was last met", () => {
  const memory = new SeriesMemory();
  const first = memory.series(labels("1"), family);
  expect(memory.series(labels("1"), family)).toBe(first);
  memory.turn();
  expect(memory.series(labels("1"), family)).toBe(first);
  memory.turn();
  memory.turn();
  expect(memory.series(labels("1"), family)).not.toBe(first);
});

test("counts what was met in this generation", () => {
  const memory = new SeriesMemory();
  memory.series(labels("1"), family);
  memory.series(labels("1"), family);
  memory.note();
  expect(memory.entries).toBe(2);
  memory.turn();
  expect(memory.entries).toBe(0);
});

test("names and values cannot be taken for each other", () => {
  const memory = new SeriesMemory();
  const one = memory.series([["a", "1b"]], family);
  expect(memory.series([["a1", "b"]], family)).not.toBe(one);
  expect(
    memory.series(
      [
        ["a", "1"],
        ["b", ""],
      ],
      family,
    ),
  ).not.toBe(one);
});
