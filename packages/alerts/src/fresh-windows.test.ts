import { FakeClock } from "@rondo/testkit";
import { expect, test } from "vitest";
import { TestWindows } from "./alerts.cases.ts";
import { ask, PATIENCE_MS, untilFresh, whyNotFresh } from "./fresh-windows.ts";

const never = new AbortController().signal;

test.each([
  [{ watermark: 1_000, warming: false }, undefined],
  [{ watermark: 999, warming: false }, "the windows are 1 s behind"],
  [{ watermark: -60_000, warming: false }, "the windows are 61 s behind"],
  [{ watermark: Number.NEGATIVE_INFINITY, warming: false }, "the windows are empty"],
  [{ watermark: 5_000, warming: true }, "the windows are being refilled"],
  [
    { watermark: 5_000, warming: true, otherSelectors: true } as const,
    "the windows are kept for other rules; start workers and alert workers with the same configuration and rule files",
  ],
])("%o up to 1 s: %s", (freshness, reason) => expect(whyNotFresh(freshness, 1_000)).toBe(reason));

test("waits until the windows have caught up", async () => {
  const clock = new FakeClock();
  const windows = new TestWindows(clock);
  windows.lagMs = 1_500;
  const slot = clock.now();
  let reason: string | undefined | "waiting" = "waiting";
  void untilFresh(windows, slot, { clock, deadline: slot + PATIENCE_MS, abort: never }).then((one) => {
    reason = one;
  });
  await clock.advance(1_400);
  expect(reason).toBe("waiting");
  await clock.advance(200);
  expect(reason).toBeUndefined();
  expect(windows.refreshes).toBeLessThan(12);
});

test("gives up at the deadline, or when it is told to, with the reason", async () => {
  const clock = new FakeClock();
  const windows = new TestWindows(clock);
  windows.warming = true;
  const slot = clock.now();
  const waiting = untilFresh(windows, slot, { clock, deadline: slot + PATIENCE_MS, abort: never });
  await clock.advance(PATIENCE_MS + 200);
  expect(await waiting).toBe("the windows are being refilled");
  const stop = new AbortController();
  const stopped = untilFresh(windows, clock.now(), { clock, deadline: clock.now() + PATIENCE_MS, abort: stop.signal });
  stop.abort();
  expect(await stopped).toBe("the windows are being refilled");
  expect(clock.pending).toBe(0);
});

test("windows that cannot be read are a reason like any other", async () => {
  const windows = new TestWindows(new FakeClock());
  windows.unavailable = true;
  expect(await ask(windows, 0)).toBe("the windows cannot be read: no answer from redis");
});
