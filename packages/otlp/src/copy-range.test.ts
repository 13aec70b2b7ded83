import fc from "fast-check";
import { expect, test } from "vitest";
import { RangeCopy } from "./copy-range.ts";

test("a range of any length is copied from wherever it stands in its memory, and nothing else is touched", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), fc.nat(600), fc.nat(600), fc.nat(9), (memory, some, other, to) => {
      const bytes = memory.subarray(Math.min(1, memory.length));
      const [start = 0, stop = 0] = [some, other].map((at) => Math.min(at, bytes.length)).sort((a, b) => a - b);
      const ranges = new RangeCopy(bytes, 620);
      ranges.out.fill(7);
      expect(ranges.copy(start, stop, to)).toBe(to + stop - start);
      const expected = Buffer.alloc(620, 7);
      expected.set(bytes.subarray(start, stop), to);
      expect(ranges.out).toEqual(expected);
    }),
  );
});

test("what is copied into owns its memory", () => {
  expect(new RangeCopy(new Uint8Array(3), 5).out.buffer.byteLength).toBe(5);
});
