import { expect, test } from "vitest";
import { isSettled } from "./settled-origin.ts";

const newest = { offset: 7, part: 1, at: 1_000 };

test("what is not newer is settled, part by part", () => {
  expect(isSettled({ offset: 6, part: 4 }, 990, newest)).toBe(true);
  expect(isSettled({ offset: 7, part: 0 }, 1_000, newest)).toBe(true);
  expect(isSettled({ offset: 7, part: 1 }, 1_000, newest)).toBe(true);
  expect(isSettled({ offset: 7, part: 2 }, 1_000, newest)).toBe(false);
  expect(isSettled({ offset: 8, part: 0 }, 1_000, newest)).toBe(false);
});

test("nothing is settled at the beginning, nor in a topic that was made anew", () => {
  expect(isSettled({ offset: 0, part: 0 }, 0, undefined)).toBe(false);
  expect(isSettled({ offset: 0, part: 0 }, 1_001, newest)).toBe(false);
});
