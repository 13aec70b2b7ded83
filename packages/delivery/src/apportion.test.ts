import type { Batch, Drop, Verdict } from "@rondo/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { apportion } from "./apportion.ts";
import { batchOf } from "./layers.cases.ts";

const settledWith = (...drops: Drop[]): Verdict => ({ kind: "settled", drops });
const lost = (verdicts: Verdict[]): number[] =>
  verdicts.map((verdict) =>
    verdict.kind === "settled" ? verdict.drops.reduce((sum, { items }) => sum + items, 0) : 0,
  );

test("a whole-batch drop takes everything from everyone", () => {
  const parts = [batchOf("a", 2), batchOf("b", 3)];
  expect(lost(apportion(settledWith({ reason: "backend_rejected", items: 5 }), parts))).toEqual([2, 3]);
});

test("a drop that names no records is taken in order, and its sum stays exact", () => {
  const parts = [batchOf("a", 2), batchOf("b", 3)];
  expect(lost(apportion(settledWith({ reason: "backend_rejected", items: 3 }), parts))).toEqual([2, 1]);
});

test("named records bear their drops, also within a caller of several records", () => {
  const many = batchOf("a", 5, {
    sources: [
      { origin: "a1", items: 2 },
      { origin: "a2", items: 3 },
    ],
  });
  const [first, second] = apportion(
    settledWith({
      reason: "invalid_item",
      items: 4,
      sources: [
        { origin: "a2", items: 3 },
        { origin: "b", items: 1 },
      ],
    }),
    [many, batchOf("b", 3)],
  );
  expect(first).toMatchObject({ drops: [{ items: 3, sources: [{ origin: "a2", items: 3 }] }] });
  expect(second).toMatchObject({ drops: [{ items: 1, sources: [{ origin: "b", items: 1 }] }] });
});

test("the dropped bytes go along only when all of them are one caller's", () => {
  const body = new Uint8Array(1);
  const parts = [batchOf("a", 2), batchOf("b", 2)];
  const one = apportion(
    settledWith({ reason: "invalid_item", items: 2, sources: [{ origin: "b", items: 2 }], body }),
    parts,
  );
  const both = apportion(settledWith({ reason: "invalid_item", items: 4, body }), parts);
  expect(one[1]).toMatchObject({ drops: [{ body }] });
  expect(JSON.stringify(both)).not.toContain("body");
});

test("callers without sources are told apart", () => {
  const { sources: _, ...bare } = batchOf("a", 2);
  const verdicts = apportion(
    settledWith({ reason: "invalid_item", items: 1, sources: [{ origin: "call/1", items: 1 }] }),
    [bare, bare],
  );
  expect(lost(verdicts)).toEqual([0, 1]);
});

test("whatever the drops claim, their sum is kept and nobody loses more than it has", () => {
  const origin = fc.constantFrom("a", "b", "c", "nobody");
  const source = fc.record({ origin, items: fc.nat(9) });
  const drop = fc.record(
    {
      reason: fc.constant("backend_rejected" as const),
      items: fc.nat(20),
      sources: fc.array(source, { maxLength: 4 }),
    },
    { requiredKeys: ["reason", "items"] },
  );
  const part: fc.Arbitrary<Batch> = fc.array(source, { minLength: 1, maxLength: 3 }).map((sources) => ({
    ...batchOf(
      "p",
      sources.reduce((sum, { items }) => sum + items, 0),
    ),
    sources,
  }));
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), fc.array(drop, { maxLength: 4 }), (parts, drops) => {
      const shares = lost(apportion(settledWith(...drops), parts));
      const have = parts.reduce((sum, { items }) => sum + items, 0);
      const claimed = drops.reduce((sum, { items }) => sum + items, 0);
      expect(shares.reduce((sum, items) => sum + items, 0)).toBe(Math.min(have, claimed));
      for (const [index, { items }] of parts.entries()) expect(shares[index]).toBeLessThanOrEqual(items);
    }),
  );
});
