import fc from "fast-check";
import { expect, test } from "vitest";
import { XxHash32, xxhash32 } from "./xxhash32.ts";

// From the specification's own sanity checks, and xxh32sum.
test.each([
  ["", 0x02cc5d05],
  ["a", 0x550d7456],
  ["abc", 0x32d153ff],
  ["Nobody inspects the spammish repetition", 0xe2293b2f],
])("the checksum of %j is known", (text, sum) => {
  expect(xxhash32(Buffer.from(text))).toBe(sum);
});

test("bytes in pieces have the sum of the whole", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (pieces) => {
      const sum = pieces.reduce((hash, piece) => hash.update(piece), new XxHash32()).digest();
      expect(sum).toBe(xxhash32(Buffer.concat(pieces)));
    }),
  );
});
