import fc from "fast-check";
import { expect, test } from "vitest";
import { FlawedItems } from "./flawed-items.ts";

test("every item counts once, for the first flaw that was found", () => {
  const range = fc.tuple(fc.nat(200), fc.nat(40), fc.constantFrom("trace_id", "span_id", "name_utf8"));
  fc.assert(
    fc.property(fc.array(range), (ranges) => {
      const flawed = new FlawedItems();
      const model = new Map<number, string>();
      for (const [first, items, flaw] of ranges) {
        flawed.add(first, first + items, flaw, () => `${first}`);
        for (let index = first; index < first + items; index++) if (!model.has(index)) model.set(index, flaw);
      }
      expect(flawed.count).toBe(model.size);
      for (let index = 0; index < 260; index++) expect(flawed.has(index)).toBe(model.has(index));
      for (const [flaw, { items }] of flawed.kinds) {
        expect(items).toBe([...model.values()].filter((one) => one === flaw).length);
      }
      expect([...flawed.kinds.values()].reduce((sum, { items }) => sum + items, 0)).toBe(model.size);
    }),
  );
});

test("only the first of a kind is looked up by name", () => {
  const flawed = new FlawedItems();
  let asked = 0;
  for (let index = 0; index < 1_000; index++) flawed.add(index, index + 1, "trace_id", () => `${index}, ${++asked}`);
  expect(flawed.kinds).toEqual(new Map([["trace_id", { items: 1_000, path: "0, 1" }]]));
});

test("a flaw that spoils no item is still something to take out", () => {
  const flawed = new FlawedItems();
  expect(flawed.any).toBe(false);
  flawed.add(3, 3, "name_utf8", () => "");
  expect([flawed.any, flawed.count, flawed.kinds.size]).toEqual([true, 0, 0]);
});
