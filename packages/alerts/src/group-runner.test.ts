import type { StateStore } from "@rondo/broker";
import { Fault, silentLog } from "@rondo/core";
import { FakeClock } from "@rondo/testkit";
import { type Leases, localLeases, type WindowReader } from "@rondo/windows";
import { describe, expect, test } from "vitest";
import type { Notification } from "./alertmanager.ts";
import { evaluatorOptions, oneRule, testState, words } from "./alerts.cases.ts";
import { groupPrefix, readGroup } from "./group-claim.ts";
import { GroupRunner, type GroupRunnerOptions } from "./group-runner.ts";
import { LEASE_MS } from "./hold-lease.ts";
import type { RuleGroup } from "./rule-group.ts";

const MINUTE = 60_000;

/** Replicas of one group over one store and one set of leases. */
function rig(group: RuleGroup = oneRule("up == 0")) {
  const clock = new FakeClock();
  const state = testState(clock);
  const leases = localLeases(clock);
  const options = evaluatorOptions(group, clock);
  const { windows, told } = options;
  let seed = 0;
  const start = (instance: string, more: Partial<GroupRunnerOptions> = {}) => {
    const transitions: string[] = [];
    const stop = new AbortController();
    const runner = new GroupRunner({
      ...options,
      ...{ tenant: "t", state, leases, instance, settled: async () => {}, reachable: () => {} },
      random: () => (seed = (seed + 0.37) % 1),
      replicas: { shouldOwn: () => true },
      onTransition: ({ from, to }) => void transitions.push(`${from} ${to}`),
      ...more,
    });
    const done = runner.run(stop.signal);
    const end = async () => {
      stop.abort();
      await clock.advance(0);
      await done;
    };
    return { runner, stop, done, end, transitions };
  };
  /** Minutes in which the host is down: a sample just before every slot. */
  const downFor = async (minutes: number) => {
    for (let minute = 0; minute < minutes; minute++) {
      await clock.advance(MINUTE - 1_000);
      windows.set({ __name__: "up", host: "h" }, 0);
      await clock.advance(1_000);
    }
  };
  const said = () => words(told.splice(0));
  return { clock, state, leases, windows, start, downFor, said };
}

/** Leases of a process that is cut off from Redis when `cut` is set. */
function cutLeases(inner: Leases) {
  const cut = { now: false };
  const unlessCut = <T>(run: () => Promise<T>) =>
    cut.now ? Promise.reject(new Fault("unavailable", "no answer")) : run();
  const leases: Leases = {
    ...inner,
    acquire: (name, holder, ttl) => unlessCut(() => inner.acquire(name, holder, ttl)),
    renew: (name, holder, ttl) => unlessCut(() => inner.renew(name, holder, ttl)),
    release: (name, holder) => unlessCut(() => inner.release(name, holder)),
  };
  return { cut, leases };
}

test("an alert goes on over an orderly restart, and over one by kill", async () => {
  const { start, downFor, said } = rig(oneRule("up == 0", "for: 3m"));
  const first = start("a");
  await downFor(2);
  await first.end();
  // Killed, from here on: its next life has the same name, and so the same lease.
  const second = start("a");
  await downFor(1);
  expect(said()).toEqual([]);
  const third = start("a");
  await downFor(1);
  expect(said()).toContain("firing{host=h}");
  expect([first, third].map(({ transitions }) => transitions)).toEqual([["inactive pending"], ["pending firing"]]);
  await Promise.all([second.end(), third.end()]);
});

test("a group of a dead replica moves within the lease and a try, and misses no slot", async () => {
  const { clock, leases, windows, start, downFor } = rig();
  const { cut, leases: dying } = cutLeases(leases);
  const frozen: WindowReader = {
    select: (matchers) => windows.select(matchers),
    held: () => windows.held(),
    refresh: () => (cut.now ? new Promise(() => {}) : windows.refresh()),
  };
  const a = start("a", { leases: dying, windows: frozen });
  await downFor(2);
  const slot = clock.now();
  const b = start("b");
  await clock.advance(MINUTE - 5_000);
  expect([a.runner.state?.lastSlot, b.runner.state]).toEqual([slot, undefined]);
  windows.set({ __name__: "up", host: "h" }, 0);
  cut.now = true;
  await clock.advance(LEASE_MS + 1_300);
  // The slot fell between the two, and is evaluated at its own time.
  expect(b.runner.state?.lastSlot).toBe(slot + MINUTE);
  expect(b.transitions).toEqual([]);
  await b.end();
  a.stop.abort();
});

test("what may not have gone out any more is told again by the successor at its first slot", async () => {
  const { start, downFor, said, clock } = rig();
  const a = start("a");
  await downFor(1);
  expect(said()).toEqual(["firing{host=h}"]);
  await a.end();
  // The resend delay has not passed: without the restart nothing would be said.
  const b = start("b");
  await downFor(1);
  expect(said()).toEqual(["firing{host=h}"]);
  await downFor(1);
  expect(said()).toEqual([]);
  await b.end();
  expect(clock.pending).toBe(0);
});

describe("a process that sleeps through its successor's claim", () => {
  test("finds its lease gone, and neither tells nor writes", async () => {
    const { clock, state, leases, windows, start, downFor, said } = rig();
    const { cut, leases: asleep } = cutLeases(leases);
    const a = start("a", { leases: asleep });
    await downFor(1);
    said();
    // Cut off in the middle of its lease; the other takes over.
    cut.now = true;
    await clock.advance(LEASE_MS);
    const b = start("b");
    await clock.advance(2_000);
    expect(b.runner.state).toBeDefined();
    const before = await readGroup(state, b.runner.prefix);
    cut.now = false;
    await clock.advance(4_000);
    expect(a.runner.state).toBeUndefined();
    windows.set({ __name__: "up", host: "h" }, 0);
    await downFor(1);
    const after = await readGroup(state, b.runner.prefix);
    expect([before.token, after.token, after.claimant?.startsWith("b#")]).toEqual([2, 2, true]);
    expect(said()).toEqual(["firing{host=h}"]);
    await Promise.all([a.end(), b.end()]);
  });

  test("that is still cut off finds the claim, and no longer tells what fires", async () => {
    const { clock, leases, start, downFor, said } = rig();
    const { cut, leases: asleep } = cutLeases(leases);
    const a = start("a", { leases: asleep });
    await downFor(1);
    said();
    cut.now = true;
    await clock.advance(20_000);
    // Nobody has taken over: what fires is told on.
    await downFor(2);
    expect(said()).toEqual(["firing{host=h}"]);
    expect(a.runner.state?.rules[0]?.standing).toMatchObject({
      health: "unknown",
      lastError: "the leases cannot be reached",
    });
    const b = start("b");
    await downFor(1);
    expect([a.runner.state, b.runner.state?.rules[0]?.standing.health]).toEqual([undefined, "ok"]);
    // Each of the two once at most: the one before it knew, the other because it took over.
    expect(said().length).toBeLessThanOrEqual(2);
    await Promise.all([a.end(), b.end()]);
  });
});

test("a clock that was an hour ahead does not stop the evaluations for an hour", async () => {
  const { clock, windows, start, downFor, said } = rig();
  const a = start("a");
  await downFor(1);
  // The clocks of those who write the windows are right, so nothing new comes by this one.
  windows.lagMs = 60 * MINUTE;
  await clock.advance(MINUTE - 1_000);
  windows.set({ __name__: "up", host: "h" }, 0);
  clock.set(60 * MINUTE);
  await clock.advance(1_000);
  clock.set(-60 * MINUTE);
  windows.lagMs = 0;
  await downFor(4);
  expect(a.runner.state?.lastSlot).toBe(clock.now());
  // Told by the right clock, and never as over.
  expect(new Set(said())).toEqual(new Set(["firing{host=h}"]));
  await a.end();
});

test("a word that waited through a long sleep is not said once there is a successor", async () => {
  const { clock, leases, windows, start, downFor } = rig();
  const { cut, leases: asleep } = cutLeases(leases);
  const told: Notification[] = [];
  const a = start("a", { leases: asleep, tell: (notifications) => void told.push(...notifications) });
  await downFor(1);
  const [word] = told;
  expect(await word?.standing.speaks()).toBe(true);
  cut.now = true;
  await clock.advance(LEASE_MS);
  // Nobody can be asked for the lease, and nobody has taken over: it still holds.
  expect([await word?.standing.speaks(), await word?.standing.confirmsResolved()]).toEqual([true, false]);
  const b = start("b", { tell: () => {} });
  await clock.advance(1_500);
  windows.set({ __name__: "up", host: "h" }, 0);
  expect(b.runner.state).toBeDefined();
  expect([await word?.standing.speaks(), await word?.standing.confirmsResolved()]).toEqual([false, false]);
  await Promise.all([a.end(), b.end()]);
});

test("a group whose state cannot be read begins anew, and says so", async () => {
  const group = oneRule("up == 0");
  const { state, start, downFor, said } = rig(group);
  await state.put([{ key: `${groupPrefix("t", group)}1/state`, value: Buffer.from("{") }]);
  const errors: string[] = [];
  const a = start("a", { log: { ...silentLog, error: (message) => void errors.push(message) } });
  await downFor(1);
  expect([said(), errors]).toEqual([
    ["firing{host=h}"],
    ["the state of a group cannot be read; its alerts begin anew"],
  ]);
  await a.end();
});

test("a group is handed to the replica whose it is by rights, once that has lasted", async () => {
  const { clock, start, downFor } = rig(oneRule("up == 0", "", "interval: 10s,"));
  let owner = "a";
  const a = start("a", { replicas: { shouldOwn: () => owner === "a" }, slots: { intervalMs: 10_000, offsetMs: 0 } });
  const b = start("b", { replicas: { shouldOwn: () => owner === "b" }, slots: { intervalMs: 10_000, offsetMs: 0 } });
  await downFor(1);
  expect([a.runner.state === undefined, b.runner.state === undefined]).toEqual([false, true]);
  owner = "b";
  await clock.advance(20_000);
  expect(b.runner.state).toBeUndefined();
  await clock.advance(25_000);
  expect([a.runner.state === undefined, b.runner.state === undefined]).toEqual([true, false]);
  await Promise.all([a.end(), b.end()]);
});

test("a store or leases that are away are waited for", async () => {
  const { clock, leases, state, start } = rig();
  const { cut, leases: flaky } = cutLeases(leases);
  cut.now = true;
  const reached: boolean[] = [];
  let storeAway = true;
  const store: StateStore = {
    ...state,
    list: (prefix) => (storeAway ? Promise.reject(new Fault("unavailable", "no leader")) : state.list(prefix)),
  };
  const a = start("a", { leases: flaky, state: store, reachable: (fault) => void reached.push(fault === undefined) });
  await clock.advance(5_000);
  expect([a.runner.state, new Set(reached)]).toEqual([undefined, new Set([false])]);
  cut.now = false;
  await clock.advance(5_000);
  expect([a.runner.state, reached.at(-1)]).toEqual([undefined, true]);
  storeAway = false;
  await clock.advance(5_000);
  expect(a.runner.state).toBeDefined();
  await a.end();
});
