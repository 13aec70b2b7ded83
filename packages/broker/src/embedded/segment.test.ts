import { expect, test } from "vitest";
import { decodeHeader, HEADER_BYTES } from "./frame.ts";
import { decodeOpening, encodeOpening, indexName, logName, numberOf, Positions } from "./segment.ts";

test("positions only move forward, and streams that were never written stand at 0", () => {
  const positions = new Positions();
  positions.move(3, 10, 500);
  const copy = positions.copy();
  positions.move(3, 4, 400);
  positions.move(3, 11, 450);
  expect([positions.next(3), positions.timestamp(3)]).toEqual([11, 500]);
  expect([positions.next(2), positions.next(99)]).toEqual([0, 0]);
  expect(copy.next(3)).toBe(10);
  expect(new Positions(positions.pairs()).next(3)).toBe(11);
});

test("an opening frame reads back as it was written", () => {
  const starts = new Positions([1, 2, 3, 4]);
  for (const previous of [null, { number: 41, end: 2 ** 40 }]) {
    const bytes = Buffer.concat(encodeOpening({ previous, starts }, 5));
    expect(decodeHeader(bytes, 5)?.kind).toBe("opening");
    const read = decodeOpening(bytes.subarray(HEADER_BYTES));
    expect(read.previous).toEqual(previous);
    expect(read.starts.pairs()).toEqual([1, 2, 3, 4]);
  }
});

test("files are named so that they sort, and nothing else is taken for one", () => {
  expect([logName(42), indexName(42)]).toEqual(["0000000042.log", "0000000042.idx"]);
  expect(numberOf(logName(42))).toBe(42);
  for (const name of ["0000000042.idx", "42.log", "0000000042.log.new"]) expect(numberOf(name)).toBeUndefined();
});
