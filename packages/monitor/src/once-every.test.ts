import { type Clock, systemClock } from "@rondo/core";
import { expect, test } from "vitest";
import { MAX_KEYS, onceEvery } from "./once-every.ts";

function fakeClock() {
  let now = 0;
  const clock: Clock = { ...systemClock, monotonic: () => now };
  return { clock, pass: (ms: number) => (now += ms) };
}

test("an event is told once a period with how often it was passed over, apart by key", () => {
  const { clock, pass } = fakeClock();
  const say = onceEvery(clock, 1_000);
  const told: string[] = [];
  const tell = (key: string) => say(key, (passedOver) => told.push(`${key}${passedOver}`));
  for (const key of ["a", "a", "b", "a"]) tell(key);
  pass(999);
  tell("a");
  pass(1);
  tell("a");
  tell("a");
  expect(told).toEqual(["a0", "b0", "a3"]);
});

test("keys are bounded: the one told longest ago is forgotten", () => {
  const { clock } = fakeClock();
  const say = onceEvery(clock, 1_000);
  let told = 0;
  for (let key = 0; key <= MAX_KEYS; key++) say(String(key), () => told++);
  say(String(MAX_KEYS), () => told++);
  expect(told).toBe(MAX_KEYS + 1);
  say("0", () => told++);
  expect(told).toBe(MAX_KEYS + 2);
});
