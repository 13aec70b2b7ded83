import fc from "fast-check";
import { expect, test } from "vitest";
import { asBuffer, copyRange } from "./copy-range.ts";

test("a range of any length is copied, and nothing else is touched", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(80), fc.nat(80), fc.nat(9), (bytes, some, other, to) => {
      const [start = 0, stop = 0] = [some, other].map((at) => Math.min(at, bytes.length)).sort((a, b) => a - b);
      const out = Buffer.alloc(100, 7);
      expect(copyRange(asBuffer(bytes), start, stop, out, to)).toBe(to + stop - start);
      const expected = Buffer.alloc(100, 7);
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
});
