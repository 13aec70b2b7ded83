import type { ProcessIdentity } from "@rondo/broker/embedded";
import { silentLog } from "@rondo/core";
import { FakeClock, memoryBroker } from "@rondo/testkit";
import { expect, test } from "vitest";
import { type HeldInstance, holdInstance, type InstanceOptions } from "./instance.ts";

const never = new AbortController().signal;

function set() {
  const clock = new FakeClock();
  const { state } = memoryBroker({ clock });
  const running = new Map<number, ProcessIdentity>();
  const start = (pid: number, started = String(pid), boot = "today") => running.set(pid, { pid, started, boot });
  const hold = async (pid: number, change: Partial<InstanceOptions> = {}): Promise<HeldInstance> => {
    const findProcess = async (asked: number) => running.get(asked);
    const held = holdInstance({
      ...{ state, instance: "w1", host: "here", pid, findProcess, clock, log: silentLog, abort: never },
      ...change,
    });
    held.catch(() => undefined);
    await clock.advance(3_000);
    return await held;
  };
  return { clock, running, start, hold };
}

test("a name that nobody has is taken, and free again after its release", async () => {
  const { start, hold } = set();
  start(1);
  start(2);
  const first = await hold(1);
  expect(first.succeeds).toBe(false);
  await expect(hold(2)).rejects.toMatchObject({ code: "startup", message: expect.stringMatching(/pid 1 on here/) });
  await first.release();
  expect((await hold(2)).succeeds).toBe(false);
});

// After a kill the successor must not wait: its partitions stand still until it is back.
test("the name of a process that is gone is taken over at once, a pid that was given to another included", async () => {
  const { running, start, hold } = set();
  start(1);
  start(2);
  await hold(1);
  running.delete(1);
  const second = await hold(2);
  expect(second.succeeds).toBe(true);
  start(2, "later");
  start(3);
  expect((await hold(3)).succeeds).toBe(true);
});

// On a busy machine a kill takes a moment.
test("a process that is about to end is waited for", async () => {
  const { clock, running, start, hold } = set();
  start(1);
  start(2);
  await hold(1);
  clock.after(1_000, () => running.delete(1));
  expect((await hold(2)).succeeds).toBe(true);
});

// Containers restart with the pid that they had.
test("a process finds its own pid in the entry of its predecessor", async () => {
  const { start, hold } = set();
  start(1);
  await hold(1);
  start(1, "again");
  expect((await hold(1)).succeeds).toBe(true);
});

test("on another machine the holder is alive as long as it beats", async () => {
  const { start, hold } = set();
  start(1);
  const there = await hold(1, { host: "there" });
  await expect(hold(1, { host: "here" })).rejects.toMatchObject({ code: "startup" });
  await there.release();
  expect((await hold(1, { host: "here" })).succeeds).toBe(false);
});

test("on another machine the holder is gone when it is silent", async () => {
  const { start, hold } = set();
  start(1);
  // Its clock stands still: it beats no more.
  await hold(1, { host: "there", clock: new FakeClock() });
  expect((await hold(1)).succeeds).toBe(true);
});

// Both of them looked before the other had written: no look at the start can find that out.
test("two that took one name at the same moment say so, each", async () => {
  const { clock, start, hold } = set();
  start(1);
  start(2);
  const said: string[] = [];
  const log = { ...silentLog, error: (message: string) => void said.push(message) };
  await Promise.all([hold(1, { log }), hold(2, { log })]);
  await clock.advance(10_000);
  expect(said).toEqual(Array(2).fill(expect.stringContaining("two processes have one instance name")));
});
