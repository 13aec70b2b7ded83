import { sleep } from "@rondo/core";
import { expect, test } from "vitest";
import { FakeClock } from "./fake-clock.ts";

test("stands still until it is moved, and runs timers in the order in which they fall due", async () => {
  const clock = new FakeClock();
  const ran: string[] = [];
  clock.after(20, () => ran.push(`b at ${clock.monotonic()}`));
  clock.after(10, () => {
    ran.push(`a at ${clock.monotonic()}`);
    clock.after(5, () => ran.push(`nested at ${clock.monotonic()}`));
  });
  const cancel = clock.after(12, () => ran.push("cancelled"));
  cancel();
  const start = clock.now();
  expect([ran, clock.pending, clock.untilNext]).toEqual([[], 2, 10]);
  await clock.advance(20);
  expect(ran).toEqual(["a at 10", "nested at 15", "b at 20"]);
  expect([clock.now() - start, clock.pending, clock.untilNext]).toEqual([20, 0, undefined]);
});

test("a wall clock that is set moves neither timers nor the monotonic clock", async () => {
  const clock = new FakeClock();
  const start = clock.now();
  clock.after(10, () => {});
  clock.set(-5_000);
  expect([clock.now() - start, clock.monotonic(), clock.untilNext]).toEqual([-5_000, 0, 10]);
});

test("what waits for a timer goes on before the next timer runs", async () => {
  const clock = new FakeClock();
  const ran: number[] = [];
  const loop = async () => {
    for (let turn = 0; turn < 3; turn++) {
      await sleep(clock, 10, new AbortController().signal);
      ran.push(clock.monotonic());
    }
  };
  const done = loop();
  await clock.advance(30);
  await done;
  expect(ran).toEqual([10, 20, 30]);
});
