import { expect, test } from "vitest";
import { matchesPattern } from "./wildcard.ts";

test.each([
  ["*", "", true],
  ["*", "anything", true],
  ["a", "a", true],
  ["a", "ab", false],
  ["service*", "service.name", true],
  ["k8s.pod.*", "k8s.pod", false],
  ["*.name", "service.name", true],
  ["a*b*c", "a1b2b3c", true],
  ["a*b*c", "acb", false],
  ["ab*ba", "aba", false],
  ["a.b", "axb", false],
])("%s and %s: %s", (pattern, text, expected) => {
  expect(matchesPattern(pattern, text)).toBe(expected);
});
