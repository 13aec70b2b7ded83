import { FakeClock } from "@rondo/testkit";
import { expect, test } from "vitest";
import { Sampler } from "./sampler.ts";

async function shown(initial: number, thereafter: number, batches: number): Promise<number[]> {
  const sampler = new Sampler(initial, thereafter, new FakeClock());
  return Array.from({ length: batches }, (_, index) => index + 1).filter(() => sampler.take());
}

test("the first few of a second, then every Nth; 1 is all and 0 none", async () => {
  expect(await shown(2, 3, 11)).toEqual([1, 2, 5, 8, 11]);
  expect(await shown(2, 1, 5)).toEqual([1, 2, 3, 4, 5]);
  expect(await shown(2, 0, 5)).toEqual([1, 2]);
  expect(await shown(0, 0, 5)).toEqual([]);
});

test("a new second begins with the first batch after the last one's end", async () => {
  const clock = new FakeClock();
  const sampler = new Sampler(1, 0, clock);
  const taken: boolean[] = [];
  for (const wait of [0, 999, 1, 500, 2_000]) {
    await clock.advance(wait);
    taken.push(sampler.take());
  }
  expect(taken).toEqual([true, false, true, false, true]);
});
