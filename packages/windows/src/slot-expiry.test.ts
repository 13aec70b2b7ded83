import { expect, test } from "vitest";
import { AHEAD_MS } from "./gathered-samples.ts";
import { slotExpiryMs } from "./slot-expiry.ts";
import { SELECTORS } from "./writing.cases.ts";

test("a slot is held longer than anything reaches back to it", () => {
  expect(slotExpiryMs(SELECTORS, 1000)).toBeGreaterThan(SELECTORS.longestMs + AHEAD_MS + 1000);
  expect(slotExpiryMs(SELECTORS, 1000)).toBeLessThan(2 * (SELECTORS.longestMs + AHEAD_MS));
});
