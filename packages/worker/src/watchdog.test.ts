import { Fault, silentLog } from "@rondo/core";
import { Readiness } from "@rondo/monitor";
import { FakeClock } from "@rondo/testkit";
import { expect, test } from "vitest";
import type { Lag, PartitionLag } from "./ledger.ts";
import { AWAY_MS, LOOK_MS, STANDSTILL_MS, Watchdog } from "./watchdog.ts";

const GROUP = "rondo.traces.tempo";

function setup({ isAlone = false } = {}) {
  const clock = new FakeClock();
  const readiness = new Readiness(clock);
  const state = {
    one: {
      partition: 3,
      settled: 7,
      next: 9,
      high: 9,
      unread: 0,
      unsettled: 2,
      held: true,
      progress: "0",
      patienceMs: 0,
    },
    fails: false,
    isMember: true,
  };
  const change = (to: Partial<PartitionLag>) => Object.assign(state.one, to);
  const ledger = {
    async lags(): Promise<readonly Lag[]> {
      if (state.fails) throw new Fault("unavailable", "no broker");
      const { one } = state;
      const group = { group: GROUP, topic: "t", signal: "traces", pipeline: "traces", component: "tempo" } as const;
      return [{ ...group, unread: one.unread, unsettled: one.unsettled, partitions: [one] }];
    },
  };
  const members = () => [{ group: GROUP, isMember: state.isMember }];
  const watchdog = new Watchdog({ ledger, readiness, clock, log: silentLog, isAlone, members });
  const stop = new AbortController();
  const running = watchdog.run(stop.signal);
  const end = async () => {
    stop.abort();
    await running;
  };
  return { clock, readiness, state, change, stop: end };
}

test("a group that stands still with lag is told by group, partition and since when, and comes back by itself", async () => {
  const { clock, readiness, change, stop } = setup();
  await clock.advance(STANDSTILL_MS);
  expect(readiness.reasons()).toEqual([]);
  await clock.advance(LOOK_MS);
  expect(readiness.reasons()).toEqual([
    {
      condition: `progress of ${GROUP}`,
      reason: `group ${GROUP} stands still on partition 3: since 2026-01-01T00:00:05.000Z at offset 7, 0 records unread and 2 in hand`,
    },
  ]);
  change({ progress: "1" });
  await clock.advance(LOOK_MS);
  expect(readiness.reasons()).toEqual([]);
  await stop();
  expect(clock.pending).toBe(0);
});

test("a backend that is away for hours is asked again and again, which is progress", async () => {
  const { clock, readiness, change, stop } = setup();
  for (let tries = 1; tries < 120; tries++) {
    change({ progress: `${tries}`, patienceMs: 45_000 });
    await clock.advance(60_000);
  }
  expect(readiness.reasons()).toEqual([]);
  // The try that hangs is the one after that wait.
  await clock.advance(STANDSTILL_MS);
  expect(readiness.reasons()).toHaveLength(1);
  await stop();
});

test("nothing to do is no standstill, and somebody else's partition is theirs", async () => {
  const { clock, readiness, change, stop } = setup();
  change({ settled: 9, unsettled: 0 });
  await clock.advance(10 * STANDSTILL_MS);
  change({ settled: 7, held: false });
  await clock.advance(10 * STANDSTILL_MS);
  expect(readiness.reasons()).toEqual([]);
  await stop();
});

test("where nobody else reads, a partition that nobody holds is told of", async () => {
  const { clock, readiness, change, stop } = setup({ isAlone: true });
  change({ held: false, unread: 2, unsettled: 0 });
  await clock.advance(STANDSTILL_MS + LOOK_MS);
  expect(readiness.reasons()).toHaveLength(1);
  await stop();
});

test("time without the log does not count", async () => {
  const { clock, readiness, state, stop } = setup();
  await clock.advance(STANDSTILL_MS);
  state.fails = true;
  await clock.advance(10 * STANDSTILL_MS);
  state.fails = false;
  await clock.advance(STANDSTILL_MS);
  expect(readiness.reasons()).toEqual([]);
  await clock.advance(LOOK_MS);
  expect(readiness.reasons()).toHaveLength(1);
  await stop();
});

test("a member that stays away from its group is told of, not one that is back in time", async () => {
  const { clock, readiness, state, change, stop } = setup();
  change({ settled: 9 });
  state.isMember = false;
  await clock.advance(AWAY_MS);
  state.isMember = true;
  await clock.advance(LOOK_MS);
  state.isMember = false;
  await clock.advance(AWAY_MS);
  expect(readiness.reasons()).toEqual([]);
  await clock.advance(LOOK_MS);
  expect(readiness.reasons()).toEqual([{ condition: `membership of ${GROUP}`, reason: `${GROUP} to be joined again` }]);
  state.isMember = true;
  await clock.advance(LOOK_MS);
  expect(readiness.reasons()).toEqual([]);
  await stop();
});
