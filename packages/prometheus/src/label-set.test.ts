import { expect, test } from "vitest";
import { LabelSet } from "./label-set.ts";
import { DEFAULT_STRATEGY } from "./strategy.ts";

test("later labels override, fillers do not, and the result is sorted without empty values", () => {
  const labels = new LabelSet()
    .addAttributes(
      [
        ["z", "1"],
        ["job", "mine"],
        ["gone", ""],
      ],
      DEFAULT_STRATEGY,
    )
    .addAttributes([["b", "2"]], DEFAULT_STRATEGY, "p_")
    .set("job", "theirs")
    .fill([
      ["z", "9"],
      ["a", "8"],
    ]);
  expect(labels.labels()).toEqual([
    ["a", "8"],
    ["job", "theirs"],
    ["p_b", "2"],
    ["z", "1"],
  ]);
});

test("keys that collide are joined in the order of keys; keys without a name are left out", () => {
  const labels = new LabelSet().addAttributes(
    [
      ["a.b", "2"],
      ["a-b", "1"],
      ["", "x"],
    ],
    DEFAULT_STRATEGY,
  );
  expect(labels.labels()).toEqual([["a_b", "1;2"]]);
});
