import { PassThrough } from "node:stream";
import { FakeClock } from "@rondo/testkit";
import { expect, test } from "vitest";
import { readingTurns } from "./reading-turns.ts";

const bodies = (count: number) => Array.from({ length: count }, () => new PassThrough().resume());
const flowing = (streams: readonly PassThrough[]) => streams.filter((stream) => !stream.isPaused()).length;

test("within the bound nobody pauses, and every turn has a bound of its own", async () => {
  const clock = new FakeClock();
  const turns = readingTurns(clock);
  const streams = bodies(64);
  for (let turn = 0; turn < 3; turn++) {
    for (const stream of streams) turns.read(stream, 64 << 10);
    expect(flowing(streams)).toBe(64);
    await clock.advance(1);
  }
  expect(clock.pending).toBe(0);
});

test("beyond it bodies pause, and go on in their order, as many as a turn can bear", async () => {
  const clock = new FakeClock();
  const turns = readingTurns(clock);
  const streams = bodies(200);
  for (const stream of streams) turns.read(stream, 64 << 10);
  expect(flowing(streams)).toBe(64);
  await clock.advance(1);
  expect(flowing(streams.slice(0, 96))).toBe(96);
  expect(flowing(streams)).toBe(96);
  await clock.advance(10);
  expect(flowing(streams)).toBe(200);
  expect(clock.pending).toBe(0);
});

test("small chunks are not worth a pause", () => {
  const clock = new FakeClock();
  const turns = readingTurns(clock);
  const [stream] = bodies(1);
  for (let i = 0; stream !== undefined && i < 1_000; i++) turns.read(stream, 15_000);
  expect(stream?.isPaused()).toBe(false);
  expect(clock.pending).toBe(0);
});
