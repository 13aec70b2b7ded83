import fc from "fast-check";
import { expect, test } from "vitest";
import { asBuffer, copyRange, RangeCopy } from "./copy-range.ts";

type Copy = (source: Buffer, start: number, stop: number, out: Buffer, to: number) => number;

test.each<[string, Copy]>([
  ["one", copyRange],
  ["one of many", (source, start, stop, out, to) => new RangeCopy(source, out).copy(start, stop, to)],
])("a range of any length, %s, is copied, and nothing else is touched", (_, copy) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), fc.nat(600), fc.nat(600), fc.nat(9), (bytes, some, other, to) => {
      const [start = 0, stop = 0] = [some, other].map((at) => Math.min(at, bytes.length)).sort((a, b) => a - b);
      const out = Buffer.alloc(630, 7).subarray(5, 625);
      const expected = Buffer.from(out);
      expect(copy(asBuffer(bytes), start, stop, out, to)).toBe(to + stop - start);
      expected.set(bytes.subarray(start, stop), to);
      expect(out).toEqual(expected);
    }),
  );
});

test("bytes are seen as a Buffer without a copy, wherever in their memory they stand", () => {
  const bytes = new Uint8Array([1, 2, 3, 4]).subarray(1, 3);
  const seen = asBuffer(bytes);
  bytes[0] = 9;
  expect([...seen]).toEqual([9, 3]);
  expect(asBuffer(seen)).toBe(seen);
});
