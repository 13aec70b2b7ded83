import fc from "fast-check";
import { expect, test } from "vitest";
import { formatFloat } from "./go-float.ts";

// Every expectation of this table was printed by Go's fmt.
test.each([
  [0, "g", -1, "0"],
  [-0, "g", -1, "-0"],
  [1e6, "g", -1, "1e+06"],
  [999_999, "g", -1, "999999"],
  [123_456_789, "g", -1, "1.23456789e+08"],
  [0.0001, "g", -1, "0.0001"],
  [0.00001, "g", -1, "1e-05"],
  [5e-324, "g", -1, "5e-324"],
  [95.5, "g", -1, "95.5"],
  [Number.POSITIVE_INFINITY, "g", -1, "+Inf"],
  [Number.NEGATIVE_INFINITY, "f", 2, "-Inf"],
  [Number.NaN, "e", 3, "NaN"],
  // Halves go to the even digit, where JavaScript's toFixed goes up.
  [0.125, "f", 2, "0.12"],
  [2.5, "f", 0, "2"],
  [3.5, "f", 0, "4"],
  [0.5, "f", 0, "0"],
  [999.95, "f", 1, "1000.0"],
  [1e21, "f", 2, "1000000000000000000000.00"],
  [1.5, "f", -1, "1.5"],
  [1e21, "f", -1, "1000000000000000000000"],
  [1, "e", -1, "1e+00"],
  [0, "e", -1, "0e+00"],
  [1234.5678, "e", 2, "1.23e+03"],
  [9.999, "e", 1, "1.0e+01"],
  [1234.5678, "g", 4, "1235"],
  [123456.789, "g", 4, "1.235e+05"],
  [0.00001234, "g", 2, "1.2e-05"],
  [100, "g", 3, "100"],
  [1000, "g", 3, "1e+03"],
  [100, "g", 10, "100"],
  [5, "g", 0, "5"],
] as const)("%d as %%%s with precision %d is %s", (value, form, precision, text) => {
  expect(formatFloat(value, form, precision)).toBe(text);
});

test("the shortest text reads back as the same float", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom("e", "f", "g"), (value, form) => {
      expect(Object.is(Number(formatFloat(value, form as "e")), value)).toBe(true);
    }),
  );
});

test("a rounded text is as near as its digits allow", () => {
  fc.assert(
    fc.property(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.integer({ min: 0, max: 9 }), (value, precision) => {
      const text = formatFloat(value, "f", precision);
      expect(Math.abs(Number(text) - value)).toBeLessThanOrEqual(0.5000001 * 10 ** -precision);
      expect(text.split(".")[1]?.length ?? 0).toBe(precision);
    }),
  );
});
