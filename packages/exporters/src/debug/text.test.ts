import { expect, test } from "vitest";
import { fixedText, idText, numberText, plainText, printable, timeText, typedText } from "./text.ts";

test.each([
  [undefined, "Empty()"],
  [{}, "Empty()"],
  [{ stringValue: "x y" }, "Str(x y)"],
  [{ intValue: -9_223_372_036_854_775_808n }, "Int(-9223372036854775808)"],
  [{ doubleValue: 1.5 }, "Double(1.5)"],
  [{ doubleValue: Number.NEGATIVE_INFINITY }, "Double(-Inf)"],
  [{ boolValue: false }, "Bool(false)"],
  [{ bytesValue: Uint8Array.of(255) }, "Bytes(/w==)"],
  [{ arrayValue: { values: [{ stringValue: '"' }, {}] } }, 'Slice(["\\"",null])'],
  [{ kvlistValue: { values: [{ key: "b", value: { intValue: 1n } }, { key: "a" }] } }, 'Map({"a":null,"b":1})'],
])("a value is shown with its kind: %o", (value, expected) => {
  expect(typedText(value)).toBe(expected);
});

test("nesting is shown to a depth", () => {
  let value: Parameters<typeof plainText>[0] = { stringValue: "core" };
  for (let depth = 0; depth < 100; depth++) value = { arrayValue: { values: [value ?? {}] } };
  expect(plainText(value)).toContain("…");
});

test("times, numbers and ids look as Go prints them", () => {
  expect(timeText(1_581_452_772_000_000_321n)).toBe("2020-02-11 20:26:12.000000321 +0000 UTC");
  expect(timeText(1_581_452_772_500_000_000n)).toBe("2020-02-11 20:26:12.5 +0000 UTC");
  expect(timeText(undefined)).toBe("1970-01-01 00:00:00 +0000 UTC");
  expect(timeText(18_446_744_073_709_551_615n)).toBe("2554-07-21 23:34:33.709551615 +0000 UTC");
  expect([fixedText(15), fixedText(undefined), fixedText(Number.NaN)]).toEqual(["15.000000", "0.000000", "NaN"]);
  expect([numberText(-0), numberText(0.1)]).toEqual(["-0", "0.1"]);
  expect([idText(new Uint8Array(8)), idText(undefined), idText(Uint8Array.of(1, 255))]).toEqual(["", "", "01ff"]);
});

test("a terminal is not steered by what is shown on it", () => {
  expect(printable("a\n\tb\u001b[2J\u009b\r")).toBe("a\n\tb\\u001b[2J\\u009b\\u000d");
});
