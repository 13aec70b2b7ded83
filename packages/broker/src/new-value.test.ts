import { expect, test } from "vitest";
import { valueBytes, valuePieces, wholeValue } from "./new-value.ts";

test("a value in one piece is that piece", () => {
  const value = Buffer.from("abc");
  expect(wholeValue(value)).toBe(value);
  expect(valuePieces(value)).toEqual([value]);
  expect(valueBytes(value)).toBe(3);
});

test("pieces follow each other", () => {
  const pieces = [Buffer.from("ab"), Buffer.alloc(0), Buffer.from("c")];
  expect(wholeValue(pieces)).toEqual(Buffer.from("abc"));
  expect(valuePieces(pieces)).toBe(pieces);
  expect(valueBytes(pieces)).toBe(3);
  expect(valueBytes([])).toBe(0);
});
