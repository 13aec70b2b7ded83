import { FakeClock } from "@rondo/testkit";
import { expect, test } from "vitest";
import { admission } from "./admission.ts";
import { memoryGuard } from "./memory-guard.ts";

/** An account of 800 bytes under a limit of 1000, in a process whose memory the test decides; `garbage` goes with a collection. */
function guarded({ collects = true } = {}) {
  const clock = new FakeClock();
  const account = admission(800, clock);
  const process = { resting: 100, garbage: 0, collections: 0 };
  const stop = memoryGuard(
    {
      limitBytes: 1_000,
      usedBytes: () => process.resting + process.garbage + account.inUse,
      ...(collects && {
        collect: () => {
          process.collections += 1;
          process.garbage = 0;
        },
      }),
    },
    account,
    clock,
  );
  return { clock, account, process, stop };
}

test("all credits are granted while little stands beside the bodies", async () => {
  const { clock, account, process } = guarded();
  account.take(700, "a");
  process.resting = 200;
  await clock.advance(100);
  expect([account.ceiling, process.collections]).toEqual([800, 1]);
});

test("what stands beside the bodies lowers what may be held, at once; nothing more is granted, and what shrinks may", async () => {
  const { clock, account, process } = guarded();
  const permit = account.take(200, "a");
  account.take(100, "a");
  process.resting = 500;
  await clock.advance(100);
  expect(account.ceiling).toBe(500);
  expect(account.take(201, "a")).toBeUndefined();
  expect(account.denial(201, "a").reason).toBe("full");
  process.resting = 750;
  await clock.advance(100);
  expect(account.ceiling).toBe(250);
  expect(permit?.resize(201)).toBe(false);
  expect(permit?.resize(199)).toBe(true);
});

test("it comes back slowly while bodies are here, and at once without any", async () => {
  const { clock, account, process } = guarded();
  const permit = account.take(100, "a");
  process.resting = 600;
  await clock.advance(100);
  expect(account.ceiling).toBe(400);
  process.resting = 200;
  await clock.advance(1_000);
  expect(account.ceiling).toBeGreaterThan(450);
  expect(account.ceiling).toBeLessThan(600);
  permit?.release();
  await clock.advance(100);
  expect(account.ceiling).toBe(800);
});

test("a quarter is granted whatever happens", async () => {
  const { clock, account, process } = guarded();
  account.take(1, "a");
  process.resting = 5_000;
  await clock.advance(100);
  expect(account.ceiling).toBe(200);
});

test("a request that is alone gets what it needs, though memory never falls", async () => {
  const { clock, account, process } = guarded();
  const permit = account.take(300, "a");
  process.resting = 5_000;
  await clock.advance(100);
  expect([account.ceiling, permit?.resize(600), account.take(1, "a")]).toEqual([200, true, undefined]);
  expect(permit?.resize(801)).toBe(false);
});

test("garbage is collected near the limit and does not count; in vain, it is tried ever more rarely", async () => {
  const { clock, account, process } = guarded();
  account.take(100, "a");
  process.garbage = 699;
  await clock.advance(100);
  expect(process.collections).toBe(0);
  process.garbage = 800;
  await clock.advance(100);
  expect(process.collections).toBe(1);
  process.resting = 900;
  await clock.advance(60_000);
  // One, two, four, eight and sixteen seconds apart.
  expect(process.collections).toBe(6);
  process.resting = 100;
  process.garbage = 900;
  await clock.advance(30_000);
  expect(process.collections).toBe(7);
  process.garbage = 900;
  await clock.advance(1_000);
  expect(process.collections).toBe(8);
});

test("without a collector it bounds all the same; when it has ended, it does nothing", async () => {
  const { clock, account, process, stop } = guarded({ collects: false });
  account.take(100, "a");
  process.garbage = 800;
  await clock.advance(100);
  expect(account.ceiling).toBe(200);
  stop();
  expect(clock.pending).toBe(0);
});
