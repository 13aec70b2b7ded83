import { expect, test } from "vitest";
import { compileAnchored, matcher, nameOfSelector } from "./matcher.ts";

test("each operator matches what it says, an absent label is empty", () => {
  const table = [
    ["=", "a", ["a"], ["", "ab"]],
    ["!=", "a", ["", "b"], ["a"]],
    ["=~", "a|b", ["a", "b"], ["", "ab", "a|b"]],
    ["!~", "a|b", ["", "c"], ["a", "b"]],
    ["=~", "5..", ["500", "5\n0"], ["1500", "50"]],
    ["=~", ".*", ["", "x\ny"], []],
    ["=~", ".+", ["x"], [""]],
    ["!~", ".+", [""], ["x"]],
    ["=~", "", [""], ["x"]],
    ["=~", "a||b", ["", "a", "b"], ["ab"]],
    ["=~", "(?i)get", ["GET", "get"], ["gets"]],
  ] as const;
  for (const [op, value, yes, no] of table) {
    const one = matcher("x", op, value);
    for (const label of yes) expect(one.matches(label), `${op} ${value}: ${label}`).toBe(true);
    for (const label of no) expect(one.matches(label), `${op} ${value}: ${label}`).toBe(false);
  }
});

test("what backtracks or is malformed is refused with the reason", () => {
  expect(() => matcher("x", "=~", "(a")).toThrow("missing closing )");
  expect(() => matcher("x", "=~", "(?=a)")).toThrow("invalid regular expression");
  expect(() => compileAnchored("(a)\\1")).toThrow("invalid regular expression");
});

test("matching is linear in its input", () => {
  const evil = matcher("x", "=~", "(a|a)*b");
  const started = performance.now();
  expect(evil.matches("a".repeat(20_000))).toBe(false);
  // A backtracking engine would need 2^20000 steps.
  expect(performance.now() - started).toBeLessThan(5_000);
});

test("the name of a selector is what it asks for with =", () => {
  expect(nameOfSelector([matcher("a", "=", "b"), matcher("__name__", "=", "up")])).toBe("up");
  expect(nameOfSelector([matcher("__name__", "=~", "up")])).toBeUndefined();
});
