import { Fault, RETURNED, type RetryPolicy, retry as retryVerdict, SETTLED } from "@rondo/core";
import { FakeClock, settled } from "@rondo/testkit";
import { expect, test } from "vitest";
import { batchOf, manualBackend, never, recordingLog } from "./layers.cases.ts";
import { DEFAULT_RETRY, LONGEST_WAIT_MS, retry } from "./retry.ts";

const away = retryVerdict(new Fault("unavailable", "nobody listens"));

function set(policy: RetryPolicy = DEFAULT_RETRY, chance = 0.5) {
  const clock = new FakeClock();
  const log = recordingLog();
  const backend = manualBackend();
  const waits: number[] = [];
  const onRetry = (_batch: unknown, _failed: unknown, waitMs: number) => waits.push(waitMs);
  const layer = retry({ policy, clock, random: () => chance, log, onRetry });
  return { clock, log, backend, waits, deliver: layer(backend.deliver) };
}

test("waits as the Collector does and never gives up", async () => {
  const { clock, backend, waits, deliver } = set();
  const verdict = deliver(batchOf("a", 3), never());
  for (let tries = 1; tries <= 50; tries++) {
    await settled();
    expect(backend.calls.length).toBe(tries);
    backend.calls.at(-1)?.answer(away);
    await clock.advance(clock.untilNext ?? 0);
    await clock.advance(clock.untilNext ?? 0);
  }
  expect(waits.slice(0, 7)).toEqual([5_000, 7_500, 11_250, 16_875, 25_312.5, 30_000, 30_000]);
  await settled();
  backend.calls.at(-1)?.answer(SETTLED);
  expect(await verdict).toBe(SETTLED);
  expect(clock.pending).toBe(0);
});

test("a body is returned by the first try or not at all: an earlier one may still refer to it", async () => {
  const { clock, backend, deliver } = set();
  const first = deliver(batchOf("a", 1), never());
  backend.calls[0]?.answer(RETURNED);
  expect(await first).toBe(RETURNED);
  const second = deliver(batchOf("b", 1), never());
  backend.calls[1]?.answer(away);
  await clock.advance(5_000);
  backend.calls[2]?.answer(RETURNED);
  expect(await second).toEqual(SETTLED);
});

test.each([
  [0, 2_500],
  [0.999, 7_495],
])("spreads the first wait by half: chance %d waits %d ms", async (chance, expected) => {
  const { clock, backend, waits, deliver } = set(DEFAULT_RETRY, chance);
  void deliver(batchOf("a", 1), never());
  backend.calls[0]?.answer(away);
  await clock.advance(0);
  expect(waits).toEqual([expected]);
});

test.each([
  [20_000, 20_000],
  [100, 5_000],
  [3e10, LONGEST_WAIT_MS],
])("a backend that asks for %d ms is left alone for %d ms", async (afterMs, expected) => {
  const { clock, backend, waits, deliver } = set();
  void deliver(batchOf("a", 1), never());
  backend.calls[0]?.answer(retryVerdict(new Fault("throttled", "later"), afterMs));
  await clock.advance(0);
  expect(waits).toEqual([expected]);
  await clock.advance(expected - 1);
  expect(backend.calls.length).toBe(1);
  await clock.advance(1);
  expect(backend.calls.length).toBe(2);
});

test("an abort during the wait hands the batch back at once, with what it was waiting for", async () => {
  const { clock, backend, deliver } = set();
  const stop = new AbortController();
  const verdict = deliver(batchOf("a", 1), stop.signal);
  backend.calls[0]?.answer(away);
  await clock.advance(1);
  stop.abort();
  expect(await verdict).toMatchObject({ kind: "retry", fault: { code: "aborted" } });
  expect([backend.calls.length, clock.pending]).toEqual([1, 0]);
});

test("an abort during a try keeps what the try achieved", async () => {
  const { backend, deliver } = set();
  const stop = new AbortController();
  const verdict = deliver(batchOf("a", 1), stop.signal);
  stop.abort();
  backend.calls[0]?.answer(SETTLED);
  expect(await verdict).toBe(SETTLED);
});

test("a failing try under an abort is not repeated, and an abort before the first try prevents it", async () => {
  const { backend, deliver } = set();
  const stop = new AbortController();
  const verdict = deliver(batchOf("a", 1), stop.signal);
  stop.abort();
  backend.calls[0]?.answer(away);
  expect(await verdict).toMatchObject({
    fault: { code: "aborted", message: expect.stringContaining("nobody listens") },
  });
  expect(await deliver(batchOf("b", 1), AbortSignal.abort())).toMatchObject({ fault: { code: "aborted" } });
  expect(backend.calls.length).toBe(1);
});

test("says the first failure, then one line in 30 s with the count, and one line on recovery", async () => {
  const { clock, log, backend, deliver } = set({ initialMs: 1_000, multiplier: 1, maxMs: 1_000, randomization: 0 });
  const verdict = deliver(batchOf("a", 1), never());
  for (let second = 0; second <= 60; second++) {
    backend.calls.at(-1)?.answer(away);
    await clock.advance(1_000);
  }
  expect(log.lines.length).toBe(3);
  expect(log.fields.at(-1)).toMatchObject({ times: 61, error: "nobody listens" });
  backend.calls.at(-1)?.answer(SETTLED);
  await verdict;
  expect(log.lines.at(-1)).toBe("info delivering again");
  expect(log.fields.at(-1)).toMatchObject({ times: 61, seconds: 61 });
});
