import { Fault, silentLog } from "@rondo/core";
import { FakeClock, settled } from "@rondo/testkit";
import { expect, test } from "vitest";
import { Committer } from "./committer.ts";

test("many requests before a beat make one commit, at the beat that all partitions share", async () => {
  const clock = new FakeClock();
  await clock.advance(180);
  let commits = 0;
  const committer = new Committer(clock, async () => void commits++, silentLog);
  committer.request();
  committer.request();
  await clock.advance(19);
  expect(commits).toBe(0);
  await clock.advance(1);
  expect(commits).toBe(1);
  expect(clock.pending).toBe(0);
});

test("commits do not overlap", async () => {
  const clock = new FakeClock();
  let running = 0;
  const commit = async () => {
    expect(++running).toBe(1);
    await new Promise<void>((resolve) => clock.after(50, resolve));
    running--;
  };
  const committer = new Committer(clock, commit, silentLog);
  const both = Promise.all([committer.now(), committer.now()]);
  await clock.advance(200);
  await both;
});

test("a failed commit is tried again at the next beat, a lost claim's is not", async () => {
  const clock = new FakeClock();
  const faults = [new Fault("unavailable", "the log is away"), new Fault("aborted", "the claim is gone")];
  let tries = 0;
  const commit = async () => {
    const fault = faults[tries++];
    if (fault !== undefined) throw fault;
  };
  const committer = new Committer(clock, commit, silentLog);
  committer.request();
  await clock.advance(100);
  expect(tries).toBe(1);
  await clock.advance(100);
  expect(tries).toBe(2);
  await clock.advance(5_000);
  expect(tries).toBe(2);
});

test("stop cancels what was requested and waits for what runs", async () => {
  const clock = new FakeClock();
  let commits = 0;
  const committer = new Committer(clock, async () => void commits++, silentLog);
  committer.request();
  await committer.stop();
  await clock.advance(1_000);
  expect(commits).toBe(0);
});

test("a commit that fails while the committer stops is not tried again", async () => {
  const clock = new FakeClock();
  const { promise, reject } = Promise.withResolvers<void>();
  const committer = new Committer(clock, () => promise, silentLog);
  committer.request();
  await clock.advance(100);
  const stopped = committer.stop();
  reject(new Fault("disk_full", "no room"));
  await stopped;
  await settled();
  expect(clock.pending).toBe(0);
});

test("a log that takes no commits is mentioned once, not at every beat", async () => {
  const clock = new FakeClock();
  let warnings = 0;
  const commit = () => Promise.reject(new Fault("disk_full", "no room"));
  const committer = new Committer(clock, commit, { ...silentLog, warn: () => void warnings++ });
  committer.request();
  await clock.advance(10_000);
  expect(warnings).toBe(1);
});
