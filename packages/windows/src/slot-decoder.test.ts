import { Fault } from "@rondo/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { SlotDecoder } from "./slot-decoder.ts";
import { SlotEncoder } from "./slot-encoder.ts";

function decode(bytes: Uint8Array): number {
  return new SlotDecoder(0, (labels) => labels).decode(bytes, () => undefined);
}

function blockOf(count: number): Buffer {
  const encoder = new SlotEncoder(0);
  const series = { labels: [["a", "b"]] as const };
  for (let time = 0; time < count; time++) encoder.add(series, time, time);
  return Buffer.from(encoder.block() ?? []);
}

test.each([
  ["another version", Buffer.of(2, 9, 1), "layout version 9"],
  ["an end within a block", Buffer.of(1, 1), "ends too early"],
  ["a count beyond the block", Buffer.of(3, 1, 1, 5), "more than it has bytes"],
  ["something behind the samples", Buffer.of(6, 1, 1, 0, 0, 0, 7), "longer than what it holds"],
  ["a sample of an unknown series", Buffer.of(16, 1, 1, 0, 0, 1, 0, 0, ...Buffer.alloc(9)), "series that its slot"],
  ["a label of an unknown symbol", Buffer.of(8, 1, 1, 0, 1, 1, 0, 0, 0), "symbol that its slot"],
  ["a block without end", Buffer.of(255, 255, 255, 255, 255, 255), "are the most"],
  ["a number without end", Buffer.of(12, 1, 1, ...Buffer.alloc(10, 255)), "too long"],
])("%s is refused", (_, bytes, said) => {
  expect(() => decode(bytes)).toThrow(
    expect.objectContaining({ code: "corrupt", message: expect.stringContaining(said) }),
  );
});

test("a block that is not whole yet is left for later", () => {
  const bytes = Buffer.concat([blockOf(3), blockOf(200)]);
  for (let end = 0; end < bytes.length; end++) {
    expect(decode(bytes.subarray(0, end))).toBe(end < blockOf(3).length ? 0 : blockOf(3).length);
  }
  expect(decode(bytes)).toBe(bytes.length);
});

test("garbage is a fault or nothing, never anything else", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(60), fc.nat(255), (garbage, at, byte) => {
      const spoilt = blockOf(5);
      spoilt[at % spoilt.length] = byte;
      for (const bytes of [garbage, spoilt]) {
        try {
          expect(decode(bytes)).toBeLessThanOrEqual(bytes.length);
        } catch (thrown) {
          if (!(thrown instanceof Fault)) throw thrown;
          expect(thrown.code).toBe("corrupt");
        }
      }
    }),
  );
});
