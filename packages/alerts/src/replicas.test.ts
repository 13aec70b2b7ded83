import { Fault } from "@rondo/core";
import { FakeClock } from "@rondo/testkit";
import { expect, test } from "vitest";
import { testState } from "./alerts.cases.ts";
import { BEAT_MS, Replicas, SILENT_MS } from "./replicas.ts";

const GROUPS = Array.from({ length: 200 }, (_, index) => `alerts/t/g${index}/`);

function rig() {
  const clock = new FakeClock();
  const state = testState(clock);
  const start = (instance: string, store = state) => {
    const faults: (string | undefined)[] = [];
    const replicas = new Replicas({
      state: store,
      instance,
      clock,
      reachable: (fault) => void faults.push(fault?.code),
    });
    const stop = new AbortController();
    const done = replicas.run(stop.signal);
    return { replicas, stop, done, faults };
  };
  return { clock, state, start };
}

test("each group is one living replica's, and all have their share", async () => {
  const { clock, start } = rig();
  const all = ["a", "b", "c"].map((name) => start(name));
  await clock.advance(2 * BEAT_MS);
  const shares = all.map(({ replicas }) => GROUPS.filter((group) => replicas.shouldOwn(group)));
  expect(shares.flat().sort()).toEqual([...GROUPS].sort());
  for (const share of shares) expect(share.length).toBeGreaterThan(GROUPS.length / 6);
});

test("a replica that says goodbye leaves its share at once, one that dies after a while, and nobody else's moves", async () => {
  const { clock, start, state } = rig();
  const [a, b, c] = ["a", "b", "c"].map((name) => start(name));
  await clock.advance(2 * BEAT_MS);
  const before = GROUPS.filter((group) => a?.replicas.shouldOwn(group));
  b?.stop.abort();
  await b?.done;
  await clock.advance(2 * BEAT_MS);
  expect(await state.list("alerts-replicas/")).toHaveLength(2);
  const alone = () => GROUPS.filter((group) => a?.replicas.shouldOwn(group));
  expect(alone()).toEqual(expect.arrayContaining(before));
  expect(alone().length).toBeLessThan(GROUPS.length);
  // Killed: it writes no more, and what it wrote stays.
  const killed = await state.list("alerts-replicas/c");
  c?.stop.abort();
  await c?.done;
  await state.put(killed.map(([key, value]) => ({ key, value })));
  await clock.advance(SILENT_MS - BEAT_MS);
  expect(alone().length).toBeLessThan(GROUPS.length);
  await clock.advance(2 * BEAT_MS);
  expect(alone()).toEqual(GROUPS);
});

test("says when the store cannot be asked, and when it can again; until then every group is its own", async () => {
  const { clock, state, start } = rig();
  let away = true;
  const flaky = {
    ...state,
    put: async (writes: Parameters<typeof state.put>[0]) => {
      if (away) throw new Fault("unavailable", "no leader");
      await state.put(writes);
    },
  };
  const { faults, replicas } = start("a", flaky);
  await clock.advance(0);
  expect(faults).toEqual(["unavailable"]);
  expect(replicas.shouldOwn("g")).toBe(true);
  away = false;
  await clock.advance(BEAT_MS);
  expect(faults).toEqual(["unavailable", undefined]);
});
