import fc from "fast-check";
import { expect, test } from "vitest";
import { type BatchEntry, BatchIndex } from "./batch-index.ts";

/** Batches of one stream with growing offsets, gaps among them, and timestamps that stand or grow. */
const batches = fc
  .array(fc.record({ gap: fc.nat(3), count: fc.integer({ min: 1, max: 4 }), later: fc.nat(2) }), { maxLength: 40 })
  .map((steps) => {
    let next = 0;
    let timestamp = 1000;
    return steps.map(({ gap, count, later }, index): BatchEntry => {
      const base = next + gap;
      next = base + count;
      timestamp += later;
      return { base, count, position: index * 100, length: 50, timestamp };
    });
  });

test("finds what a search through all batches finds", () => {
  fc.assert(
    fc.property(batches, fc.nat(200), fc.integer({ min: 990, max: 1090 }), (entries, offset, time) => {
      const index = new BatchIndex();
      index.add(9, { base: 0, count: 1, position: 0, length: 1, timestamp: 1 });
      for (const entry of entries) index.add(3, entry);
      const wanted = entries.findIndex(({ base, count }) => base + count > offset);
      expect(index.find(3, offset)).toBe(wanted);
      expect(index.at(3, wanted)).toEqual(entries[wanted]);
      expect(index.findTime(3, time)).toEqual(entries.find(({ timestamp }) => timestamp >= time));
    }),
  );
});

test("reads back as it was written", () => {
  fc.assert(
    fc.property(batches, batches, (first, second) => {
      const index = new BatchIndex();
      for (const entry of first) index.add(0, entry);
      for (const entry of second) index.add(70_000, entry);
      const read = BatchIndex.decode(index.encode());
      expect(read.batches).toBe(first.length + second.length);
      expect(read.ends()).toEqual(index.ends());
      for (const [place, entry] of second.entries()) expect(read.at(70_000, place)).toEqual(entry);
    }),
  );
});

test("a stream without batches has none", () => {
  const index = new BatchIndex();
  expect(index.find(0, 0)).toBe(-1);
  expect(index.at(0, 0)).toBeUndefined();
  expect(index.findTime(0, 0)).toBeUndefined();
});
