import { expect, test } from "vitest";
import { Flight } from "./flight.ts";

const never = () => new AbortController().signal;

/** Whether a promise has resolved once everything due has run. */
async function isDone(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  void promise.then(() => {
    done = true;
  });
  await new Promise(setImmediate);
  return done;
}

test("waits until the bytes in hand are below the limit", async () => {
  const flight = new Flight(() => 0);
  flight.add(600);
  flight.add(400);
  const below = flight.below(500, never());
  expect(await isDone(below)).toBe(false);
  flight.remove(400);
  expect(await isDone(below)).toBe(false);
  flight.remove(600);
  expect(await isDone(below)).toBe(true);
});

test("records cost something however small they are, also those that are settled and wait for an older one", async () => {
  let held = 1_000;
  const flight = new Flight(() => held);
  flight.add(1);
  const below = flight.below(512 * 1024, never());
  expect(await isDone(below)).toBe(false);
  held = 400;
  flight.remove(1);
  expect(await isDone(below)).toBe(true);
});

test("an abort ends the wait, and is not listened to afterwards", async () => {
  const flight = new Flight(() => 0);
  flight.add(10);
  const abort = new AbortController();
  const below = flight.below(5, abort.signal);
  abort.abort();
  expect(await isDone(below)).toBe(true);
  flight.remove(10);
});

test("is over when no delivery is under way, whatever is held", async () => {
  const flight = new Flight(() => 7);
  flight.add(0);
  const over = flight.over();
  expect(await isDone(over)).toBe(false);
  flight.remove(0);
  expect(await isDone(over)).toBe(true);
});
