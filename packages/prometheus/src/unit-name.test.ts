import { expect, test } from "vitest";
import { escapeUnit, unitName, unitSuffixes } from "./unit-name.ts";

test.each([
  ["s", "seconds"],
  ["By/s", "bytes_per_second"],
  ["1", ""],
  ["%", "percent"],
  ["{request}", ""],
  ["{request}/s", "per_second"],
  ["requests/{client}", "requests"],
  ["GiBy/fortnight", "gibibytes_per_fortnight"],
  ["", ""],
  ["constructor", "constructor"],
  ["°C", "C"],
])("%s is %s", (unit, expected) => {
  expect(unitName(unit, true)).toBe(expected);
});

test("a unit falls into two halves, and is escaped apart", () => {
  expect(unitSuffixes(" ms / m ")).toEqual({ main: "milliseconds", per: "per_minute" });
  expect(escapeUnit("_a  b")).toBe("a_b");
  expect(unitName("°C", false)).toBe("°C");
});
