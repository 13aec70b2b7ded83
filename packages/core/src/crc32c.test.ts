import fc from "fast-check";
import { expect, test } from "vitest";
import { crc32c } from "./crc32c.ts";

/** Bit by bit, as the definition says. */
function slowly(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

test("the vectors of RFC 3720", () => {
  expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
  expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
  expect(crc32c(Buffer.of())).toBe(0);
});

// Words are read where memory is aligned: a batch begins anywhere in its request.
test("any bytes at any place in memory", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(9), (bytes, at) => {
      const placed = new Uint8Array(bytes.length + 10);
      placed.set(bytes, at);
      expect(crc32c(placed.subarray(at, at + bytes.length))).toBe(slowly(bytes));
    }),
  );
});

test("bytes in pieces have the sum of the whole", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 30 })), (pieces) => {
      expect(pieces.reduce((crc, piece) => crc32c(piece, crc), 0)).toBe(slowly(Buffer.concat(pieces)));
    }),
  );
});
