import fc from "fast-check";
import { expect, test } from "vitest";
import { compareLabels, labelsKey, labelsOf, labelValue, onlyLabels, withLabel, withoutLabels } from "./labels.ts";

const anyLabels = fc.dictionary(fc.string({ maxLength: 3 }), fc.string({ maxLength: 3 })).map(labelsOf);

test("labels are sorted, without empty values, the last of a name counts", () => {
  expect(labelsOf({ b: "2", a: "1", c: "" })).toEqual([
    ["a", "1"],
    ["b", "2"],
  ]);
  expect(
    labelsOf([
      ["a", "1"],
      ["a", "2"],
    ]),
  ).toEqual([["a", "2"]]);
});

test("keys are equal exactly for equal labels", () => {
  fc.assert(
    fc.property(anyLabels, anyLabels, (a, b) => {
      expect(labelsKey(a) === labelsKey(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
    }),
  );
  expect(labelsKey(labelsOf({ a: "bc" }))).not.toBe(labelsKey(labelsOf({ ab: "c" })));
});

test("setting and taking away keep the order", () => {
  const labels = labelsOf({ a: "1", c: "3" });
  expect(withLabel(labels, "b", "2")).toEqual(labelsOf({ a: "1", b: "2", c: "3" }));
  expect(withLabel(labels, "a", "9")).toEqual(labelsOf({ a: "9", c: "3" }));
  expect(withLabel(labels, "a", "")).toEqual(labelsOf({ c: "3" }));
  expect(withLabel(labels, "z", "26")).toEqual(labelsOf({ a: "1", c: "3", z: "26" }));
  expect(withoutLabels(labels, new Set(["a", "x"]))).toEqual(labelsOf({ c: "3" }));
  expect(onlyLabels(labels, new Set(["a", "x"]))).toEqual(labelsOf({ a: "1" }));
  expect(labelValue(labels, "c")).toBe("3");
  expect(labelValue(labels, "x")).toBe("");
});

test("the order of labels is total and goes pair by pair", () => {
  const sorted = [
    labelsOf({}),
    labelsOf({ a: "1" }),
    labelsOf({ a: "1", b: "1" }),
    labelsOf({ a: "2" }),
    labelsOf({ b: "0" }),
  ];
  expect(sorted.toReversed().sort(compareLabels)).toEqual(sorted);
  fc.assert(
    fc.property(anyLabels, anyLabels, (a, b) => {
      expect(Math.sign(compareLabels(a, b))).toBe(-Math.sign(compareLabels(b, a)) + 0);
      expect(compareLabels(a, b) === 0).toBe(labelsKey(a) === labelsKey(b));
    }),
  );
});
