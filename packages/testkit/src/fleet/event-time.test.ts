import { expect, test } from "vitest";
import { assertEventTime, lasting, MINUTE, momentAt, nanosAt } from "./event-time.ts";

test("a speed divides durations and keeps the start", () => {
  const time = { startMs: 1_000_000, speed: 30 };
  expect(lasting(time, MINUTE)).toBe(2000);
  expect(momentAt(time, MINUTE)).toBe(1_002_000);
  expect(nanosAt(time, 1000)).toBe(1_000_033_000_000n);
});

test.each([
  [{ startMs: 0.5, speed: 1 }, "start 0.5"],
  [{ startMs: 0, speed: 0.5 }, "speed 0.5"],
  [{ startMs: 0, speed: Number.NaN }, "speed NaN"],
])("%j is refused", (time, message) => {
  expect(() => assertEventTime(time)).toThrow(message);
});
