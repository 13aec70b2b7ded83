import { expect, test } from "vitest";
import { humanize, humanize1024, humanizeDuration, humanizePercentage } from "./humanize.ts";

// The cases are those of prometheus/template/template_test.go, and values around their borders.
test.each([
  [0, "0"],
  [1, "1"],
  [1_234_567, "1.235M"],
  [0.12, "120m"],
  [999.99, "1000"],
  [-1_500, "-1.5k"],
  [1e-7, "100n"],
  [1e30, "1e+06Y"],
  [Number.POSITIVE_INFINITY, "+Inf"],
  [Number.NaN, "NaN"],
])("humanize %d", (value, text) => expect(humanize(value)).toBe(text));

test.each([
  [0, "0"],
  [1, "1"],
  [1_048_576, "1Mi"],
  [0.12, "0.12"],
  [1_235, "1.206ki"],
  [Number.NEGATIVE_INFINITY, "-Inf"],
])("humanize1024 %d", (value, text) => expect(humanize1024(value)).toBe(text));

test.each([
  [0, "0s"],
  [1, "1s"],
  [60, "1m 0s"],
  [3_600, "1h 0m 0s"],
  [86_400, "1d 0h 0m 0s"],
  [86_400 + 3_600, "1d 1h 0m 0s"],
  [-(86_400 * 2 + 3_600 * 3 + 60 * 4 + 5), "-2d 3h 4m 5s"],
  [899.99, "14m 59s"],
  [59.256, "59.26s"],
  [0.1, "100ms"],
  [0.0001, "100us"],
  [Number.NaN, "NaN"],
])("humanizeDuration %d", (value, text) => expect(humanizeDuration(value)).toBe(text));

test.each([
  [-0.22222, "-22.22%"],
  [0, "0%"],
  [0.1234567, "12.35%"],
  [1.23456, "123.5%"],
])("humanizePercentage %d", (value, text) => expect(humanizePercentage(value)).toBe(text));
