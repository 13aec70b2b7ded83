import { Fault } from "@rondo/core";
import { FakeClock } from "@rondo/testkit";
import { expect, test } from "vitest";
import { CommitBeat } from "./commit-beat.ts";

function setup(answers: readonly (Fault | undefined)[] = []) {
  const clock = new FakeClock();
  const told: string[] = [];
  let commits = 0;
  const commit = async () => {
    const fault = answers[commits++];
    if (fault !== undefined) throw fault;
  };
  const beat = new CommitBeat(clock, commit, ({ message }) => told.push(message));
  return { clock, beat, told, commits: () => commits };
}

test("many acknowledgements share a commit", async () => {
  const { clock, beat, commits } = setup();
  for (let times = 0; times < 5; times++) beat.request();
  await clock.advance(200);
  expect(commits()).toBe(1);
  await clock.advance(1_000);
  expect(commits()).toBe(1);
});

test("a commit that fails is told and tried again; of a partition that was lost it is neither", async () => {
  const { clock, beat, told, commits } = setup([
    new Fault("unavailable", "no Kafka"),
    undefined,
    new Fault("aborted", "lost"),
  ]);
  beat.request();
  await clock.advance(400);
  expect([commits(), told]).toEqual([2, ["no Kafka"]]);
  beat.request();
  await clock.advance(1_000);
  expect([commits(), told]).toEqual([3, ["no Kafka"]]);
});

test("the end is a commit, and nothing after it", async () => {
  const { clock, beat, commits } = setup();
  beat.request();
  await beat.stop();
  beat.request();
  await clock.advance(1_000);
  expect(commits()).toBe(1);
});
