import type { Place } from "@rondo/core";
import { expect, test } from "vitest";
import { pattern } from "./pattern.ts";

function read(raw: unknown) {
  const problems: string[] = [];
  const place: Place = { path: "p", problem: (message) => problems.push(message), warn() {}, at: () => place };
  return { value: pattern("x").read(raw, place), problems };
}

test("absent and empty are no expression", () => {
  for (const raw of [undefined, null, ""]) expect(read(raw)).toEqual({ value: null, problems: [] });
});

test("RE2 syntax is read, what backtracks is refused with the reason", () => {
  expect(read("^a\\.(?P<rest>.*)$").value?.test("a.b")).toBe(true);
  expect(read("(?=a)")).toEqual({ value: undefined, problems: [expect.stringContaining("unsupported Perl syntax")] });
  expect(read("(a)\\1").problems).toHaveLength(1);
  expect(read(5).problems).toEqual(["must be a regular expression in RE2 syntax, as text, but is a number"]);
});

test("matching is linear in its input", () => {
  const { value } = read("^(a|a)*$");
  const started = performance.now();
  expect(value?.test(`${"a".repeat(20_000)}b`)).toBe(false);
  // A backtracking engine would need 2^20000 steps.
  expect(performance.now() - started).toBeLessThan(5_000);
});
