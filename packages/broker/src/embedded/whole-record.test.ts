import { expect, test } from "vitest";
import { wholeRecord } from "./whole-record.ts";

const headers = { n: "1" };

test("a value in one piece stays as it is, whoever owns it", () => {
  const value = Buffer.from("abc");
  expect(wholeRecord({ headers, value }).value).toBe(value);
  expect(wholeRecord({ headers, value })).toEqual({ headers, value });
  expect(wholeRecord({ headers, value, given: true })).toEqual({ headers, value, given: true });
});

test("pieces become one, which is the log's; those that were given are freed", () => {
  const pieces = [Buffer.from("ab"), Buffer.allocUnsafeSlow(2).fill("c")];
  const kept = wholeRecord({ headers, value: pieces });
  expect(kept).toEqual({ headers, value: Buffer.from("abcc"), given: true });
  expect(pieces[1]).toHaveLength(2);
  const taken = wholeRecord({ headers, value: pieces, given: true });
  expect(taken.value).toEqual(Buffer.from("abcc"));
  expect(pieces[1]).toHaveLength(0);
});
