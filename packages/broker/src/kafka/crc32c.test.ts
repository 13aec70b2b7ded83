import fc from "fast-check";
import { expect, test } from "vitest";
import { crc32c } from "./crc32c.ts";

/** Bit by bit, as the polynomial has it. */
function slow(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return (crc ^ -1) >>> 0;
}

test.each([
  ["123456789", 0xe3069283],
  ["", 0],
  ["\0".repeat(32), 0x8a9136aa],
])("the published value of %j", (text, value) => {
  expect(crc32c(Buffer.from(text))).toBe(value);
});

test("every length at every alignment is as the definition has it", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(7), (bytes, shift) => {
      const moved = new Uint8Array(bytes.length + 8).subarray(shift, shift + bytes.length);
      moved.set(bytes);
      expect(crc32c(moved)).toBe(slow(bytes));
    }),
  );
});

test("bytes in pieces have the sum of the whole", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 30 })), (pieces) => {
      expect(pieces.reduce((crc, piece) => crc32c(piece, crc), 0)).toBe(slow(Buffer.concat(pieces)));
    }),
  );
});
