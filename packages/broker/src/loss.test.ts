import { expect, test } from "vitest";
import { describeLoss, lostRecords, lostSoFar, noteLoss } from "./loss.ts";
import type { StateStore } from "./state.ts";

function memory(): StateStore {
  const held = new Map<string, Uint8Array>();
  return {
    get: async (key) => held.get(key),
    list: async (prefix) => [...held].filter(([key]) => key.startsWith(prefix)),
    async put(writes) {
      for (const { key, value } of writes) if (value !== null) held.set(key, value);
    },
    putFirst: async (_, value) => value,
  };
}

const loss = (from: number, to: number) => ({ group: "g", topic: "t", partition: 2, from, to });

test("a loss says who lost what, and how much", () => {
  expect(describeLoss(loss(3, 10))).toBe(
    "group g wants offset 3 of t/2, which retention has removed; going on at 10, 7 records later",
  );
});

test("losses add up, and one that is met twice counts once", async () => {
  const state = memory();
  expect(await lostRecords(state, "g", 2)).toEqual({ records: 0, until: 0 });
  await noteLoss(state, loss(3, 10));
  await noteLoss(state, loss(3, 10));
  expect(await lostRecords(state, "g", 2)).toEqual({ records: 7, until: 10 });
  await noteLoss(state, loss(3, 12));
  await noteLoss(state, loss(20, 21));
  expect(await lostRecords(state, "g", 2)).toEqual({ records: 10, until: 21 });
  expect(await lostRecords(state, "g", 1)).toEqual({ records: 0, until: 0 });
});

test("what is gone counts before a reader has met it", () => {
  const position = { partition: 2, registered: 0, committed: 4 };
  expect(lostSoFar(position, { low: 4, high: 9 }, { records: 0, until: 0 })).toBe(0);
  expect(lostSoFar(position, { low: 6, high: 9 }, { records: 0, until: 0 })).toBe(2);
  expect(lostSoFar(position, { low: 6, high: 9 }, { records: 2, until: 6 })).toBe(2);
  expect(lostSoFar({ partition: 2, registered: 1 }, { low: 6, high: 9 }, { records: 0, until: 0 })).toBe(5);
});
