import fc from "fast-check";
import { expect, test } from "vitest";
import { numberText } from "./number-text.ts";

test.each([
  [0.005, "0.005"],
  [1, "1"],
  [-2.5, "-2.5"],
  [1e23, "100000000000000000000000"],
  [1.5e21, "1500000000000000000000"],
  [-1.25e-9, "-0.00000000125"],
  [5e-324, `0.${"0".repeat(323)}5`],
  [0, "0"],
  [-0, "-0"],
  [Number.POSITIVE_INFINITY, "+Inf"],
  [Number.NEGATIVE_INFINITY, "-Inf"],
  [Number.NaN, "NaN"],
])("%d is %s", (value, expected) => {
  expect(numberText(value)).toBe(expected);
});

test("reads back as the same number, without an exponent", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const text = numberText(value);
      expect(text).not.toContain("e");
      expect(Object.is(Number(text), value)).toBe(true);
    }),
  );
});
