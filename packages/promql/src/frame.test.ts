import { expect, test } from "vitest";
import { Budget, MAX_SAMPLES } from "./budget.ts";
import { Cell, Frame } from "./frame.ts";
import { parseHistogram } from "./functions/histograms.cases.ts";
import { gridOver, timeAt } from "./grid.ts";
import { labelsOf } from "./labels.ts";
import { dropNames, mergeRows } from "./merge-rows.ts";
import { MAX_NOTES, Notes } from "./notes.ts";
import { parseExpr } from "./parse-expr.ts";

test("a frame grows with its rows and keeps what is in its cells", () => {
  const frame = new Frame(3, 0);
  const starts = Array.from({ length: 20 }, (_, row) => frame.addRow(labelsOf({ row: String(row) }), false));
  for (const start of starts) frame.setFloat(start + 1, start);
  expect(frame.rows).toBe(20);
  expect(starts.map((start) => frame.get(start + 1))).toEqual(starts);
  expect(frame.get(0)).toBeUndefined();
  const histogram = parseHistogram("count:1");
  frame.setHistogram(2, histogram);
  expect(frame.kind(2)).toBe(Cell.histogram);
  expect(frame.histogram(2)).toBe(histogram);
  frame.set(2, 5);
  expect(frame.histogram(2)).toBeUndefined();
  frame.addRow([], false);
  expect(frame.isEmpty(20)).toBe(true);
  frame.removeLastRow();
  expect(frame.rows).toBe(20);
});

test("rows of equal labels become one when they share no step", () => {
  const frame = new Frame(2, 2);
  frame.setFloat(frame.addRow(labelsOf({ __name__: "a" }), true), 1);
  frame.setFloat(frame.addRow(labelsOf({ __name__: "b" }), true) + 1, 2);
  const merged = dropNames(frame);
  expect([merged.rows, merged.get(0), merged.get(1)]).toEqual([1, 1, 2]);
  frame.setFloat(1, 3);
  expect(() => dropNames(frame)).toThrow("vector cannot contain metrics with the same labelset");
});

test("names stay where they are to stay", () => {
  const frame = new Frame(1, 2);
  frame.setFloat(frame.addRow(labelsOf({ __name__: "a", x: "1" }), false), 1);
  expect(dropNames(frame)).toBe(frame);
  expect(mergeRows(frame)).toBe(frame);
  const copy = frame.relabelled();
  copy.labels[0] = [];
  expect(frame.labels[0]).toHaveLength(2);
});

test("a grid has its ends, and none when they are crossed", () => {
  const grid = gridOver(10, 30, 10);
  expect([grid.steps, timeAt(grid, 2)]).toEqual([3, 30]);
  expect(gridOver(10, 29, 10).steps).toBe(2);
  expect(gridOver(10, 9, 10).steps).toBe(0);
});

test("notes come once each, with their place, and not without end", () => {
  const notes = new Notes();
  const expr = parseExpr("\n  a");
  for (let round = 0; round < 3; round++) notes.warn("odd", expr);
  for (let number = 0; number < 2 * MAX_NOTES; number++) notes.info(`n${number}`, expr);
  expect(notes.warnings).toEqual(["PromQL warning: odd (2:3)"]);
  expect(notes.infos).toHaveLength(MAX_NOTES);
});

test("a budget ends at its limit, when the caller gives up and when time is over", () => {
  const budget = new Budget(10);
  budget.charge(10);
  expect(() => budget.charge(1)).toThrow("too many samples into memory: more than 10");
  const stop = new AbortController();
  const stoppable = new Budget(MAX_SAMPLES, stop.signal);
  stoppable.check();
  stop.abort();
  expect(() => stoppable.check()).toThrow("query was canceled");
  let now = 0;
  const timed = new Budget(1, undefined, { now: () => now, at: 5 });
  timed.check();
  now = 6;
  expect(() => timed.check()).toThrow("query timed out");
});
