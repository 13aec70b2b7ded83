import { RETURNED, SETTLED } from "@rondo/core";
import { FakeClock, settled } from "@rondo/testkit";
import { expect, test } from "vitest";
import { chain } from "./chain.ts";
import { batchOf, keepsAll, manualBackend, never, recordingLog, unhurried } from "./layers.cases.ts";
import { DEFAULT_RETRY } from "./retry.ts";

function set(timeoutMs = 1_000) {
  const clock = new FakeClock();
  const log = recordingLog();
  const backend = manualBackend();
  const exporter = {
    deliver: backend.deliver,
    timeoutMs,
    retry: DEFAULT_RETRY,
    accumulation: { maxItems: 2 },
    close: async () => {},
  };
  const accumulation = { minItems: 1, maxItems: 0, maxBytes: 1_000, waitMs: 0 };
  return { clock, log, backend, make: chain(exporter, { accumulation, clock, random: () => 0.5, log }) };
}

test("a joined request is repeated unchanged until it is settled, whether the backend hangs or the exporter throws", async () => {
  const { clock, backend, make } = set();
  const noted: (number | undefined)[] = [];
  const deliver = make(unhurried(), async (batch) => void noted.push(batch.sources?.length), keepsAll);
  const ends = ["a", "b", "c"].map((origin) => deliver(batchOf(origin, 1), never()));
  backend.calls[0]?.answer(SETTLED);
  await clock.advance(1_000 + 5_000);
  backend.calls[2]?.fail(new Error("bug"));
  await clock.advance(7_500);
  expect(backend.calls[1]?.batch.sources?.length).toBe(2);
  expect(backend.calls.slice(1).every(({ batch }) => batch === backend.calls[1]?.batch)).toBe(true);
  backend.calls[3]?.answer(SETTLED);
  expect(await Promise.all(ends)).toEqual([SETTLED, RETURNED, RETURNED]);
  // A hang and a throw leave open whether the backend took the request; both were noted, for the joined request.
  expect(noted).toEqual([2, 2]);
});

test("partitions are in flight side by side, and a dead backend is logged once for all of them", async () => {
  const { clock, log, backend, make } = set();
  for (let partition = 0; partition < 12; partition++)
    void make(unhurried(), async () => {}, keepsAll)(batchOf("a", 1), never());
  await settled();
  expect(backend.calls.length).toBe(12);
  await clock.advance(1_000);
  expect(log.lines.length).toBe(1);
});
