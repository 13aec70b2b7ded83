import fc from "fast-check";
import { expect, test } from "vitest";
import { fairQueue } from "./fair-queue.ts";

interface Item {
  readonly tenant: string;
  readonly number: number;
  readonly bytes: number;
}

const item = (tenant: string, number: number, bytes = 100): Item => ({ tenant, number, bytes });
const all = () => true;

function filled(weights: Readonly<Record<string, number>>, counts: Readonly<Record<string, number>>, bytes = 100) {
  const queue = fairQueue<Item>(100, (tenant) => weights[tenant] ?? 1);
  for (const [tenant, count] of Object.entries(counts)) {
    for (let i = 0; i < count; i++) queue.push(tenant, item(tenant, i, bytes));
  }
  return queue;
}

test("who comes new waits for a turn of the others, not for their pile", () => {
  const queue = filled({}, { noisy: 1000 });
  queue.take(400, all);
  queue.push("quiet", item("quiet", 0));
  expect(queue.take(400, all).map(({ tenant }) => tenant)).toContain("quiet");
});

test("tenants that all wait are served as their weights", () => {
  const queue = filled({ b: 3 }, { a: 500, b: 500 });
  const taken = Array.from({ length: 50 }, () => queue.take(400, all)).flat();
  const of = (tenant: string) => taken.filter((one) => one.tenant === tenant).length;
  expect(of("a")).toBeCloseTo(50, -1);
  expect(of("b")).toBeCloseTo(150, -1);
});

test("large items take turns with small ones by their bytes", () => {
  const queue = filled({}, { small: 1000 });
  for (let i = 0; i < 100; i++) queue.push("large", item("large", i, 900));
  const taken = Array.from({ length: 20 }, () => queue.take(1000, all)).flat();
  const bytes = (tenant: string) =>
    taken.filter((one) => one.tenant === tenant).reduce((sum, one) => sum + one.bytes, 0);
  expect(Math.abs(bytes("large") - bytes("small"))).toBeLessThanOrEqual(1000);
});

test("what is not ready is left, and what comes after it may go before it", () => {
  const queue = filled({}, { a: 3, b: 1 });
  expect(queue.take(1000, ({ tenant, number }) => tenant === "a" && number > 0).map(({ number }) => number)).toEqual([
    1, 2,
  ]);
  expect(
    queue
      .heads()
      .map(({ tenant, number }) => `${tenant}${number}`)
      .sort(),
  ).toEqual(["a0", "b0"]);
  expect(queue.take(1000, all)).toHaveLength(2);
  expect(queue.heads()).toEqual([]);
  expect(queue.take(1000, all)).toEqual([]);
});

test("one item goes however large it is", () => {
  const queue = filled({}, { a: 2 }, 5_000);
  expect(queue.take(10, all)).toHaveLength(1);
  expect(queue.take(10, all)).toHaveLength(1);
});

test("whatever comes: all leaves once, in its tenant's order, within the bound, and nobody who waits falls behind", () => {
  const given = fc.array(
    fc.record({ tenant: fc.constantFrom("a", "b", "c"), bytes: fc.integer({ min: 1, max: 300 }), take: fc.boolean() }),
    { maxLength: 80 },
  );
  fc.assert(
    fc.property(given, (steps) => {
      const queue = fairQueue<Item>(100, () => 1);
      const waiting = new Map<string, Item[]>();
      /** Bytes taken by others while a tenant waited. */
      const behind = new Map<string, number>();
      const take = () => {
        const taken = queue.take(500, all);
        const bytes = taken.reduce((sum, one) => sum + one.bytes, 0);
        expect(taken.length <= 1 || bytes <= 500).toBe(true);
        expect(taken.length > 0).toBe([...waiting.values()].some((list) => list.length > 0));
        for (const one of taken) {
          expect(waiting.get(one.tenant)?.shift()).toBe(one);
          behind.set(one.tenant, 0);
          for (const [tenant, list] of waiting) {
            if (tenant !== one.tenant && list.length > 0) behind.set(tenant, (behind.get(tenant) ?? 0) + one.bytes);
          }
          // A turn is 100 bytes and an item may need three of them; of both others, with what they had saved of a turn.
          for (const bytes of behind.values()) expect(bytes).toBeLessThanOrEqual(2 * (4 * 100 + 300));
        }
      };
      for (const [number, { tenant, bytes, take: takes }] of steps.entries()) {
        const made = item(tenant, number, bytes);
        const list = waiting.get(tenant) ?? [];
        if (list.length === 0) behind.set(tenant, 0);
        list.push(made);
        waiting.set(tenant, list);
        queue.push(tenant, made);
        if (takes) take();
      }
      for (let i = 0; i <= steps.length; i++) take();
      expect([...waiting.values()].flat()).toEqual([]);
    }),
  );
});
