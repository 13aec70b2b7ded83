import fc from "fast-check";
import { expect, test } from "vitest";
import { count, fit, rate } from "./figures.ts";

test("counts are exact below a million and short above", () => {
  const cases: [number, string][] = [
    [0, "0"],
    [271, "271"],
    [999_999, "999999"],
    [1_000_000, "1.00M"],
    [1_234_567, "1.23M"],
    [45_600_000_000, "45.6G"],
  ];
  for (const [value, text] of cases) expect(count(value)).toBe(text);
});

test("rates have one decimal while that says something", () => {
  const cases: [number, string][] = [
    [0, "0"],
    [-1, "0"],
    [0.4, "0.4"],
    [12.46, "12.5"],
    [99.96, "100"],
    [850.2, "850"],
    [999.7, "1.00k"],
    [1234, "1.23k"],
    [999_700, "1.00M"],
  ];
  for (const [value, text] of cases) expect(rate(value)).toBe(text);
});

test("no count and no rate is wider than its column", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 9e14, noNaN: true }), (value) => {
      expect(count(value).length).toBeLessThanOrEqual(7);
      expect(rate(value).length).toBeLessThanOrEqual(5);
    }),
  );
});

test("what is too long is cut with an ellipsis", () => {
  expect(fit("otlp/tempo", 12)).toBe("otlp/tempo  ");
  expect(fit("otlp/tempo", 6)).toBe("otlp/…");
});
