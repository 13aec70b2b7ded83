import fc from "fast-check";
import { expect, test } from "vitest";
import { copyBack, copyLiteral, littleEndian } from "./copies.ts";

test("a copy repeats what overlaps it, byte by byte, whatever its length and distance", () => {
  const lengths = fc.integer({ min: 1, max: 200 });
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), fc.nat(), lengths, (head, pick, length) => {
      const distance = 1 + (pick % head.length);
      const out = new Uint8Array(head.length + length + 1).fill(7);
      out.set(head);
      copyBack(out, head.length, distance, length);
      const expected = [...head];
      for (let i = 0; i < length; i++) expected.push(expected[expected.length - distance] ?? -1);
      expect([...out]).toEqual([...expected, 7]);
    }),
  );
});

test("a copy from before the beginning, and one from nowhere, are none", () => {
  const out = new Uint8Array(10);
  for (const distance of [0, 3, 65_535]) {
    expect(() => copyBack(out, 2, distance, 4)).toThrow("a copy reaches before the beginning");
  }
});

test("a literal stands as it was, short or long", () => {
  for (const length of [0, 1, 24, 25, 300]) {
    const input = Uint8Array.from({ length: length + 3 }, (_, i) => i % 251);
    const out = new Uint8Array(length + 4);
    copyLiteral(input, 2, out, 1, length);
    expect([...out]).toEqual([0, ...input.subarray(2, 2 + length), ...new Uint8Array(3)]);
  }
});

test("integers are unsigned, and end with their bytes", () => {
  const bytes = Uint8Array.of(1, 2, 3, 0xff);
  expect([1, 2, 3, 4].map((count) => littleEndian(bytes, 0, count))).toEqual([1, 0x201, 0x30201, 0xff030201]);
  expect(() => littleEndian(bytes, 1, 4)).toThrow("it ends early");
});
