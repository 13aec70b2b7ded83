import { expect, test } from "vitest";
import { fired, sleep, systemClock } from "./clock.ts";

test("an abort ends a sleep at once", async () => {
  const stop = new AbortController();
  const slept = sleep(systemClock, 60_000, stop.signal);
  stop.abort();
  await slept;
  expect(stop.signal.aborted).toBe(true);
});

test("a sleep under an abort that has fired does not start a timer", async () => {
  await sleep(systemClock, 60_000, AbortSignal.abort());
});

test("cancelling a timer keeps it from running", async () => {
  let ran = false;
  const cancel = systemClock.after(1, () => {
    ran = true;
  });
  cancel();
  await sleep(systemClock, 5, new AbortController().signal);
  expect(ran).toBe(false);
});

test("a signal that fires, or has fired, is waited for once", async () => {
  const stop = new AbortController();
  const ended = fired(stop.signal);
  stop.abort();
  await ended;
  await fired(stop.signal);
});
