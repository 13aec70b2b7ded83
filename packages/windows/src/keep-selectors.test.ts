import { labelsOf } from "@rondo/promql";
import { expect, test } from "vitest";
import { readKeepSelectors } from "./keep-selectors.ts";
import { WindowSelectors } from "./window-selectors.ts";

test("selectors are kept as rules write them", () => {
  const keep = readKeepSelectors(['{__name__=~"training_.+"}', 'up{job="a"}']);
  const selectors = new WindowSelectors({ rules: {}, keep });
  const isKept = (labels: Record<string, string>) => selectors.reachOf("a", { labels: labelsOf(labels) }) > 0;
  expect(isKept({ __name__: "training_rounds" })).toBe(true);
  expect(isKept({ __name__: "up", job: "a" })).toBe(true);
  expect(isKept({ __name__: "up", job: "b" })).toBe(false);
});

test("every one that is not a selector alone is named at once", () => {
  expect(() => readKeepSelectors(["up", "rate(up[5m])", "up{", "up offset 5m"])).toThrow(
    /keep\[1\] must be a selector alone.*: rate\(up\[5m\]\); windows::keep\[2\] is no PromQL: 1:4: .*; windows::keep\[3\]/,
  );
});
