import { expect, test } from "vitest";
import { decodeSnappy, snappyLength } from "./snappy-block.ts";

/** "round ", then 60 bytes from five bytes back: "ound ound …". */
const BLOCK = Buffer.from([66, 5 << 2, ...Buffer.from("round "), (59 << 2) | 3, 5, 0, 0, 0]);
const TEXT = Buffer.from(`round ${"ound ".repeat(12)}`);

const reading = (block: Buffer) => {
  const { length, at } = snappyLength(block);
  return { at, out: Buffer.alloc(length), filled: 0 };
};

test("a block is decoded a part at a time, element by element", () => {
  const part = reading(BLOCK);
  expect(decodeSnappy(BLOCK, part, 1)).toBe(false);
  expect([part.filled, part.at]).toEqual([6, 8]);
  expect(decodeSnappy(BLOCK, part, 7)).toBe(true);
  expect(part.out.equals(TEXT)).toBe(true);
});

test("a block that is cut off anywhere is invalid", () => {
  for (let length = 0; length < BLOCK.length; length++) {
    const cut = BLOCK.subarray(0, length);
    expect(() => decodeSnappy(cut, reading(cut), 100)).toThrow(expect.objectContaining({ code: "invalid" }));
  }
});

// The length is believed before memory is taken for it.
test("a length that its bytes cannot make is refused", () => {
  expect(() => snappyLength(Buffer.from([0xff, 0xff, 0xff, 0x0f, 0]))).toThrow(/33554431 B, more than 5 B can hold/);
  expect(() => snappyLength(Buffer.from([255, 255, 255, 255, 255, 1]))).toThrow("it declares no length");
});
