import { expect, test } from "vitest";
import { parsePrometheusDuration } from "./prometheus-duration.ts";

test.each([
  ["0", 0],
  ["0s", 0],
  ["1ms", 1],
  ["5m", 300_000],
  ["1h30m", 5_400_000],
  ["2d", 172_800_000],
  ["1w", 604_800_000],
  ["1y2w3d4h5m6s7ms", 31_536_000_000 + 1_209_600_000 + 259_200_000 + 14_400_000 + 300_000 + 6_000 + 7],
])("%s is %d ms", (text, ms) => expect(parsePrometheusDuration(text)).toBe(ms));

test.each(["", "1", "5 m", "1.5h", "30m1h", "-5m", "5min", "1d1d", "9999999y"])("%j is none", (text) => {
  expect(parsePrometheusDuration(text)).toBeUndefined();
});
