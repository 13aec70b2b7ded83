import { expect, test } from "vitest";
import { DEFAULT_STRATEGY, STRATEGIES, TRANSLATION_STRATEGIES } from "./strategy.ts";

test("every strategy can be named", () => {
  expect([...TRANSLATION_STRATEGIES]).toEqual(Object.keys(STRATEGIES));
  expect(TRANSLATION_STRATEGIES).toContain(DEFAULT_STRATEGY);
});
