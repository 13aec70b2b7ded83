import { expect, test } from "vitest";
import { Lru } from "./lru.ts";

test("forgets what was not asked for longest", () => {
  const forgotten: number[] = [];
  const lru = new Lru<number>(2, (value) => forgotten.push(value));
  lru.get("a", () => 1);
  lru.get("b", () => 2);
  expect(lru.get("a", () => 9)).toBe(1);
  lru.get("c", () => 3);
  expect(forgotten).toEqual([2]);
  expect(lru.peek("b")).toBeUndefined();
  lru.delete("missing");
  lru.clear();
  expect(forgotten).toEqual([2, 1, 3]);
});

test("a promise that rejects is tried anew", async () => {
  const lru = new Lru<Promise<number>>(2);
  await expect(lru.get("a", () => Promise.reject(new Error("once")))).rejects.toThrow("once");
  expect(await lru.get("a", () => Promise.resolve(1))).toBe(1);
});
