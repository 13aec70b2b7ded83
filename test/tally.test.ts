import { expect, test } from "vitest";
import { addTallies, parseRunResult, tallyLine } from "./tally.ts";

test("tallies add up count by count", () => {
  expect(addTallies({ passed: 1, failed: 2, skipped: 3 }, { passed: 10, failed: 20, skipped: 30 })).toEqual({
    passed: 11,
    failed: 22,
    skipped: 33,
  });
});

test("the closing line names all three counts, zero included", () => {
  expect(tallyLine({ passed: 7, failed: 0, skipped: 2 })).toBe("7 passed, 0 failed, 2 skipped");
});

test.each([
  undefined,
  "",
  "{",
  "null",
  "[]",
  '{"passed":1,"failed":0}',
  '{"passed":"1","failed":0,"skipped":0}',
  '{"passed":1,"failed":0,"skipped":0}',
])("a result file holding %j is no tally", (text) => {
  expect(parseRunResult(text)).toBeUndefined();
});

test("a result file is read back as it was written", () => {
  const tally = { passed: 3, failed: 1, skipped: 0 };
  const failures = ["a.test.ts > adds: expected 3 to be 4"];
  expect(parseRunResult(JSON.stringify({ ...tally, failures }))).toEqual({ tally, failures });
});
