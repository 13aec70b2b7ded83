import fc from "fast-check";
import { expect, test } from "vitest";
import { formatDuration, MAX_DURATION_MS, parseDuration } from "./duration-text.ts";

test("units come from the largest to the smallest, each once", () => {
  expect(parseDuration("1y2w3d4h5m6s7ms")).toBe(365 * 864e5 + 14 * 864e5 + 3 * 864e5 + 4 * 36e5 + 5 * 6e4 + 6007);
  expect(parseDuration("90m")).toBe(5_400_000);
  expect(parseDuration("0")).toBe(0);
  for (const text of ["", "5", "1m1h", "5m5m", "1.5h", "-5m", "5 m", "m"])
    expect(parseDuration(text), text).toBeUndefined();
});

test("what 64 bits of nanoseconds cannot hold is no duration", () => {
  expect(parseDuration("292y")).toBeDefined();
  expect(parseDuration("293y")).toBeUndefined();
  expect(MAX_DURATION_MS).toBe(Math.floor(Number(2n ** 63n / 1_000_000n)));
});

test("weeks and years are used only where nothing is left over", () => {
  expect(formatDuration(0)).toBe("0s");
  expect(formatDuration(7 * 864e5)).toBe("1w");
  expect(formatDuration(8 * 864e5)).toBe("8d");
  expect(formatDuration(365 * 864e5)).toBe("1y");
  expect(formatDuration(5_400_001)).toBe("1h30m1ms");
  expect(formatDuration(-300_000)).toBe("-5m");
});

test("a duration survives being written", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: MAX_DURATION_MS }), (ms) => {
      expect(parseDuration(formatDuration(ms))).toBe(ms);
    }),
  );
});
