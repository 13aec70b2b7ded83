import { expect, test } from "vitest";
import { SLOT_MS, slotAt } from "./slot.ts";

test.each([
  [0, 0],
  [SLOT_MS - 1, 0],
  [SLOT_MS, SLOT_MS],
  [-1, -SLOT_MS],
])("%d lies in the slot from %d", (time, slot) => {
  expect(slotAt(time)).toBe(slot);
});
