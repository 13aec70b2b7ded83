import { expect, test } from "vitest";
import { anyValue, memberOf, type Value } from "./any-value.ts";
import { convertValue } from "./convert-value.ts";
import { valueText } from "./value-text.ts";

/** The value as text after conversion; undefined when it stays. */
function converted(value: Value, to: "int" | "double" | "string"): string | undefined {
  const bytes = convertValue(anyValue(value), to);
  return bytes === undefined ? undefined : valueText(bytes);
}

test.each<[Value, string | undefined]>([
  ["42", "42"],
  ["+42", "42"],
  ["-9223372036854775808", "-9223372036854775808"],
  ["9223372036854775808", undefined],
  ["4.2", undefined],
  [" 4", undefined],
  ["1".repeat(100_000), undefined],
  [true, "1"],
  [-7.9, "-7"],
  [2 ** 63 + 0.5, undefined],
  [Number.NaN, undefined],
  [3n, undefined],
  [["1"], undefined],
  [null, undefined],
])("%s to int", (value, expected) => {
  expect(converted(value, "int")).toBe(expected);
});

test.each<[Value, string | undefined]>([
  ["1e3", "1000"],
  ["-.5", "-0.5"],
  ["+Inf", "+Inf"],
  ["nan", "NaN"],
  ["0x10", undefined],
  ["1e999", undefined],
  ["", undefined],
  [false, "0"],
  [12n, "12"],
  [1.5, undefined],
])("%s to double", (value, expected) => {
  expect(converted(value, "double")).toBe(expected);
});

test("an integral double stays a double", () => {
  expect(memberOf(convertValue(anyValue(12n), "double") ?? new Uint8Array(0))?.double()).toBe(12);
});

test("everything but a string becomes one", () => {
  expect(converted(12n, "string")).toBe("12");
  expect(converted(["a"], "string")).toBe('["a"]');
  expect(converted(null, "string")).toBe("");
  expect(converted("x", "string")).toBeUndefined();
});
