import { FakeClock } from "@rondo/testkit";
import { expect, test } from "vitest";
import { drainRate } from "./drain-rate.ts";

test("the wait follows the drain rate of the last five seconds", async () => {
  const clock = new FakeClock();
  const rate = drainRate(clock);
  for (let second = 0; second < 5; second++) {
    rate.drained(100_000);
    await clock.advance(1_000);
  }
  rate.drained(100_000);
  expect(rate.waitMs(1_000_000)).toBe(10_000);
  await clock.advance(2_000);
  expect(rate.waitMs(1_000_000)).toBeGreaterThan(10_000);
});

test("while nothing drains the wait grows with that time, from 1 s to 30 s", async () => {
  const clock = new FakeClock();
  const rate = drainRate(clock);
  expect(rate.waitMs(1)).toBe(1_000);
  await clock.advance(7_000);
  expect(rate.waitMs(1)).toBe(7_000);
  await clock.advance(600_000);
  expect(rate.waitMs(1)).toBe(30_000);
  rate.drained(1);
  expect(rate.waitMs(0)).toBe(1_000);
});
