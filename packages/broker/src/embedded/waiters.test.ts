import { expect, test } from "vitest";
import { Waiters } from "./waiters.ts";

test("wakes those who wait for the stream, once, and no others", async () => {
  const waiters = new Waiters();
  const never = new AbortController();
  const order: string[] = [];
  const first = waiters.wait(1, never.signal).then(() => order.push("first"));
  void waiters.wait(2, never.signal).then(() => order.push("other"));
  waiters.wake(1);
  await first;
  waiters.wake(1);
  expect(order).toEqual(["first"]);
});

test("an abort ends a wait, before it begins or later", async () => {
  const waiters = new Waiters();
  await waiters.wait(1, AbortSignal.abort());
  const stop = new AbortController();
  const waiting = waiters.wait(1, stop.signal);
  stop.abort();
  await waiting;
});
