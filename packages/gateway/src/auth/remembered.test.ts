import { FakeClock } from "@rondo/testkit";
import { expect, test } from "vitest";
import { remembered } from "./remembered.ts";

test("forgets what is old, and the oldest when there is too much", async () => {
  const clock = new FakeClock();
  const memory = remembered<number>(clock, { ttlMs: 100, max: 2 });
  memory.set("a", 1);
  await clock.advance(60);
  memory.set("b", 2);
  expect([memory.get("a"), memory.get("b")]).toEqual([1, 2]);
  memory.set("c", 3);
  expect([memory.get("a"), memory.get("b"), memory.get("c")]).toEqual([undefined, 2, 3]);
  await clock.advance(50);
  memory.set("b", 4);
  await clock.advance(50);
  expect([memory.get("b"), memory.get("c")]).toEqual([4, undefined]);
  memory.clear();
  expect(memory.get("b")).toBeUndefined();
});
