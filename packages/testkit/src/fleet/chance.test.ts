import { expect, test } from "vitest";
import { chance } from "./chance.ts";

test("a name has its own numbers, whoever else draws", () => {
  const chances = chance(7);
  const alone = Array.from({ length: 3 }, chances("a"));
  const [a, b] = [chances("a"), chances("b")];
  const mixed = alone.map(() => [a(), b()] as const);
  expect(mixed.map(([first]) => first)).toEqual(alone);
  expect(mixed.map(([, second]) => second)).not.toEqual(alone);
  expect(chance(8)("a")()).not.toBe(alone[0]);
});
