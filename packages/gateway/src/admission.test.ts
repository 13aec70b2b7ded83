import { FakeClock } from "@rondo/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { admission, creditsFrom } from "./admission.ts";

const MIB = 1 << 20;

test("credits are the soft limit less what rests; too little is refused with the value that would do", () => {
  expect(creditsFrom(1000 * MIB, 200 * MIB, 80 * MIB)).toBe(720 * MIB);
  expect(creditsFrom(228 * MIB, 20 * MIB, 80 * MIB)).toBe(128 * MIB);
  expect(() => creditsFrom(227 * MIB, 20 * MIB, 80 * MIB)).toThrow(/raise limit_mib to 228 or more/);
});

test("whatever is taken, changed and given back, the account never grants more than it has", () => {
  const step = fc.record({ slot: fc.nat(4), bytes: fc.nat(600), what: fc.constantFrom("take", "resize", "release") });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const account = admission(1000, new FakeClock());
      const held = new Map<number, { permit: NonNullable<ReturnType<typeof account.take>>; bytes: number }>();
      for (const { slot, bytes, what } of steps) {
        const found = held.get(slot);
        if (what === "take" && found === undefined) {
          const permit = account.take(bytes);
          if (permit !== undefined) held.set(slot, { permit, bytes });
        } else if (what === "resize" && found?.permit.resize(bytes)) {
          held.set(slot, { ...found, bytes });
        } else if (what === "release") {
          found?.permit.release();
          found?.permit.release();
          held.delete(slot);
        }
        const sum = [...held.values()].reduce((total, one) => total + one.bytes, 0);
        expect(account.inUse).toBe(sum);
        expect(sum).toBeLessThanOrEqual(1000);
      }
    }),
  );
});

test("the wait follows the drain rate of the last five seconds", async () => {
  const clock = new FakeClock();
  const account = admission(1_000_000, clock);
  account.take(1_000_000);
  for (let second = 0; second < 5; second++) {
    account.drained(100_000);
    await clock.advance(1_000);
  }
  account.drained(100_000);
  expect(account.retryAfterMs()).toBe(10_000);
  await clock.advance(2_000);
  expect(account.retryAfterMs()).toBeGreaterThan(10_000);
});

test("while nothing drains the wait grows with that time, from 1 s to 30 s", async () => {
  const clock = new FakeClock();
  const account = admission(1000, clock);
  expect(account.retryAfterMs()).toBe(1_000);
  await clock.advance(7_000);
  expect(account.retryAfterMs()).toBe(7_000);
  await clock.advance(600_000);
  expect(account.retryAfterMs()).toBe(30_000);
  account.drained(1);
  expect(account.retryAfterMs()).toBe(1_000);
});
