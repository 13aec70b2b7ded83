import { expect, test } from "vitest";
import { anyValue, type Value } from "./any-value.ts";
import { valueText } from "./value-text.ts";

test.each<[Value, string]>([
  ["as it is", "as it is"],
  [true, "true"],
  [-42n, "-42"],
  [1.5, "1.5"],
  [1e21, "1e+21"],
  [1e-7, "1e-7"],
  [-0, "-0"],
  [Number.NaN, "NaN"],
  [-Infinity, "-Inf"],
  [Uint8Array.of(1, 2, 255), "AQL/"],
  [null, ""],
  [[], "[]"],
  [["a", 1n, [null], Uint8Array.of(1)], '["a",1,[null],"AQ=="]'],
  [
    new Map<string, Value>([
      ["b", 0.5],
      ["a", "<&>\u2028"],
    ]),
    '{"a":"\\u003c\\u0026\\u003e\\u2028","b":0.5}',
  ],
  [["fine", Number.NaN], ""],
])("writes %s as the Collector does", (value, text) => {
  expect(valueText(anyValue(value))).toBe(text);
});
