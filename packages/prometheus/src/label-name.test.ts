import fc from "fast-check";
import { expect, test } from "vitest";
import { labelName } from "./label-name.ts";

test.each([
  ["http.method", "http_method"],
  ["a..b", "a_b"],
  ["a__b", "a_b"],
  ["1st", "key_1st"],
  ["_x", "key_x"],
  [".x", "key_x"],
  ["__reserved__", "__reserved__"],
  ["__a.b__", "__a_b__"],
  ["____", "____"],
  ["日本", "key_"],
  ["", undefined],
])("%s is %s", (key, expected) => {
  expect(labelName(key)).toBe(expected);
});

test("without escaping a key stays as it is", () => {
  expect(labelName("http.method", "NoTranslation")).toBe("http.method");
});

test("an escaped label is one that Prometheus takes", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (key) => {
      const name = labelName(key);
      if (name !== undefined) expect(name).toMatch(/^[A-Za-z_][A-Za-z0-9_]*$/);
    }),
  );
});
