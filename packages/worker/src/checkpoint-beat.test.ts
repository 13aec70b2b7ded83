import { FakeClock } from "@rondo/testkit";
import { expect, test } from "vitest";
import { CheckpointBeat } from "./checkpoint-beat.ts";
import type { KeptState } from "./kept-state.ts";

function rig() {
  const clock = new FakeClock();
  const kept = { next: 5, dueInMs: undefined as number | undefined, take: () => void taken.push(clock.monotonic()) };
  const taken: number[] = [];
  const account = { low: 5 };
  let commits = 0;
  // What the beat reads and calls of it.
  const beat = new CheckpointBeat(clock, kept as unknown as KeptState, account, () => commits++);
  return { clock, kept, account, beat, taken, commits: () => commits };
}

test("nothing new asks for nothing", () => {
  const { beat, clock, taken } = rig();
  beat.settled();
  expect([clock.pending, taken]).toEqual([0, []]);
});

test("one that is due is taken at once, and its commit asked for", () => {
  const { beat, kept, taken, commits } = rig();
  kept.dueInMs = 0;
  beat.settled();
  expect([taken, commits()]).toEqual([[0], 1]);
});

test("one that is not due yet is taken when it is, though no record comes any more", async () => {
  const { beat, kept, clock, taken } = rig();
  kept.dueInMs = 800;
  beat.settled();
  beat.settled();
  expect(clock.pending).toBe(1);
  await clock.advance(799);
  kept.dueInMs = 0;
  await clock.advance(1);
  expect(taken).toEqual([800]);
});

test("while a batch is between its processors and the log none is taken, and the settling of it asks again", async () => {
  const { beat, kept, clock, account, taken } = rig();
  kept.dueInMs = 10;
  beat.settled();
  kept.next = 6;
  kept.dueInMs = 0;
  await clock.advance(20);
  expect([taken, clock.pending]).toEqual([[], 0]);
  account.low = 6;
  beat.settled();
  expect(taken).toEqual([20]);
});

test("the last one is taken whether it is due or not, and the beat ends", () => {
  const { beat, kept, clock, taken } = rig();
  kept.dueInMs = 800;
  beat.settled();
  beat.last();
  expect([taken, clock.pending]).toEqual([[0], 0]);
});
