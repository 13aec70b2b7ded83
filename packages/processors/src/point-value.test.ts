import { Cursor, Writer } from "@rondo/otlp";
import fc from "fast-check";
import { expect, test } from "vitest";
import { addCounts, addSummaries, keptCount, type NumberValue, numberPoints, readNumbers } from "./point-value.ts";

const number = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.double());

function rewritten(value: NumberValue): NumberValue | undefined {
  const out = new Writer();
  numberPoints.write(out, value);
  const bytes = out.finish();
  return numberPoints.read(bytes, 0, bytes.length);
}

test("a number is the same after it was written and read; a point without one has none", () => {
  fc.assert(
    fc.property(number, (value) => {
      expect(rewritten(value)).toBe(value);
    }),
  );
  expect(numberPoints.read(new Uint8Array(), 0, 0)).toBeUndefined();
});

test("integers add up to an integer, and wrap as int64 does; with a double the sum is one", () => {
  expect(numberPoints.add(2n ** 62n, 1n)).toBe(2n ** 62n + 1n);
  expect(numberPoints.add(2n ** 63n - 1n, 1n)).toBe(-(2n ** 63n));
  expect(numberPoints.add(1n, 0.5)).toBe(1.5);
  expect(numberPoints.add(0.25, 0.5)).toBe(0.75);
});

test("of two summaries, what one lacks is not known of both", () => {
  expect(addSummaries({ sum: 1, min: 2, max: 3 }, { sum: 4, min: 1, max: 9 })).toEqual({ sum: 5, min: 1, max: 9 });
  expect(addSummaries({ sum: 1, min: 2 }, { min: 1, max: 9 })).toEqual({ min: 1 });
});

test("counts stop where they would not be exact", () => {
  expect([keptCount(2 ** 60), addCounts(2 ** 53, 5), addCounts(1, 2)]).toEqual([2 ** 53 - 1, 2 ** 53 - 1, 3]);
});

test("repeated numbers are read packed and one by one, and nothing else is", () => {
  const read = (bytes: Uint8Array) => {
    const into: number[] = [];
    const field = new Cursor(bytes);
    const fine: boolean[] = [];
    while (field.next()) fine.push(readNumbers(field, 0, into, (element) => element.number()));
    return [into, fine];
  };
  expect(
    read(
      new Writer()
        .bytes(2, Uint8Array.of(1, 0xac, 2))
        .tag(2, 0)
        .varint(7)
        .finish(),
    ),
  ).toEqual([
    [1, 300, 7],
    [true, true],
  ]);
  expect(read(new Writer().tag(2, 5).fixed32(7).finish())).toEqual([[], [false]]);
});
