import fc from "fast-check";
import { expect, test } from "vitest";
import { Progress } from "./progress.ts";

const origin = (offset: number) => ({ offset, part: 0, at: offset });

test("nothing is committed above what is open", () => {
  const progress = new Progress(10, origin(3));
  const [first, second, third] = [10, 12, 13].map((offset) => progress.begin(offset, 100, origin(offset - 6)));
  if (first === undefined || second === undefined || third === undefined) throw new Error("three were begun");
  progress.settle(second);
  expect([progress.low, progress.origin, progress.open]).toEqual([10, origin(3), 2]);
  progress.settle(first);
  expect([progress.low, progress.origin, progress.open]).toEqual([13, origin(6), 1]);
  expect(progress.settle(first)).toBe(false);
  progress.settle(third);
  expect([progress.low, progress.origin, progress.open, progress.bytes]).toEqual([14, origin(7), 0, 0]);
});

test("what is abandoned is waited for no longer, holds the commit back, and may still be settled", () => {
  const progress = new Progress(0, undefined);
  const [first, second] = [progress.begin(0, 1), progress.begin(1, 1)];
  progress.abandon(first);
  progress.settle(second);
  expect([progress.low, progress.open]).toEqual([0, 0]);
  expect(progress.settle(first)).toBe(true);
  expect([progress.low, progress.open]).toEqual([2, 0]);
});

test("property: in whatever order records settle, low is the oldest open one", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(30), { maxLength: 60 }), (order) => {
      const progress = new Progress(0, undefined);
      const entries = Array.from({ length: 31 }, (_, offset) => progress.begin(offset, 10));
      const settled = new Set<number>();
      for (const at of order) {
        const entry = entries[at];
        if (entry !== undefined) progress.settle(entry);
        settled.add(at);
        const oldest = entries.findIndex((_, offset) => !settled.has(offset));
        expect(progress.low).toBe(oldest < 0 ? 31 : oldest);
        expect(progress.open).toBe(31 - settled.size);
      }
    }),
  );
});
