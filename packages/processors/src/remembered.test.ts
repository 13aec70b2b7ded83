import { expect, test } from "vitest";
import { remembered } from "./remembered.ts";

test("a text is tested once, a long one each time, and answers are those of the test", () => {
  const asked: string[] = [];
  const isShort = remembered((text) => asked.push(text) > 0 && text.length < 3);
  const long = "x".repeat(300);
  expect(["ab", "abc", "ab", long, long, "abc"].map(isShort)).toEqual([true, false, true, false, false, false]);
  expect(asked).toEqual(["ab", "abc", long, long]);
});

test("what is remembered is bounded", () => {
  let asked = 0;
  const always = remembered(() => ++asked > 0);
  for (let round = 0; round < 2; round++) for (let i = 0; i < 2_000; i++) always(String(i));
  expect(asked).toBe(4_000 - 1_024);
});
