import fc from "fast-check";
import { expect, test } from "vitest";
import { between, seededRandom } from "./seeded-random.ts";

test("the same seed gives the same numbers, another seed others", () => {
  const draw = (seed: number) => Array.from({ length: 5 }, seededRandom(seed));
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
});

test("numbers lie in [0, 1), whole numbers in [from, to)", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = seededRandom(seed);
      const draw = random();
      expect(draw >= 0 && draw < 1).toBe(true);
      expect([3, 4, 5]).toContain(between(random, 3, 6));
    }),
  );
});
