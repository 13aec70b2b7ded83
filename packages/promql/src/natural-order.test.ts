import fc from "fast-check";
import { expect, test } from "vitest";
import { compareNatural } from "./natural-order.ts";

test("digits compare as numbers, the rest as text", () => {
  const sorted = ["", "1", "2", "10", "100", "4m5", "4m600", "4m1000", "a", "a1", "a02", "a10", "b"];
  const order = ["", "1", "2", "4m5", "4m600", "4m1000", "10", "100", "a", "a1", "a02", "a10", "b"];
  expect(sorted.toReversed().sort(compareNatural)).toEqual(order);
  expect(compareNatural("9".repeat(40), `1${"0".repeat(40)}`)).toBeLessThan(0);
});

test("only equal text is equal, either way round", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("a", "0", "1", "-") }),
      fc.string({ unit: fc.constantFrom("a", "0", "1") }),
      (a, b) => {
        expect(compareNatural(a, b) === 0).toBe(a === b);
        expect(Math.sign(compareNatural(a, b))).toBe(-Math.sign(compareNatural(b, a)) + 0);
      },
    ),
  );
});
