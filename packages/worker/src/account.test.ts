import fc from "fast-check";
import { expect, test } from "vitest";
import { PartitionAccount } from "./account.ts";
import { sumDrops } from "./totals.ts";

const delivered = (items: number) => ({ delivered: items, dropped: {} });

test("what is settled behind a gap is live, but not in the committed rows", () => {
  const account = new PartitionAccount(10, {});
  const first = account.enter(10, "t", 3);
  const second = account.enter(11, "t", 4);
  account.settle(second, delivered(4));
  expect(account.low).toBe(10);
  expect(account.rows()).toEqual({});
  expect(account.live().get("t")).toMatchObject({ entered: 7, delivered: 4, inFlight: 3 });
  account.settle(first, { delivered: 1, dropped: { "otlp/a/backend_rejected": 2 } });
  expect(account.low).toBe(12);
  expect(account.rows()["t"]).toMatchObject({ entered: 7, delivered: 5, dropped: { "otlp/a/backend_rejected": 2 } });
});

test("an outcome that does not name every item is a bug", () => {
  const account = new PartitionAccount(0, {});
  const entry = account.enter(0, "t", 3);
  expect(() => account.settle(entry, delivered(2))).toThrow(/3 \+ 0 items entered, 2 were accounted for/);
});

test("settling twice and entering backwards are bugs", () => {
  const account = new PartitionAccount(0, {});
  const entry = account.enter(5, "t", 1);
  account.settle(entry, delivered(1));
  expect(() => account.settle(entry, delivered(1))).toThrow(/offset 5 settled without being in flight/);
  expect(() => account.enter(5, "t", 1)).toThrow(/offset 5 began although 6/);
});

test("the origin is that of the newest record below the watermark, never of one beyond it", () => {
  const account = new PartitionAccount(0, {}, { offset: 7, part: 0, at: 1 });
  const first = account.enter(0, "t", 1, { origin: { offset: 8, part: 0, at: 2 } });
  const second = account.enter(1, "t", 1, { origin: { offset: 9, part: 0, at: 3 } });
  account.settle(second, delivered(1));
  expect(account.origin?.offset).toBe(7);
  account.settle(first, delivered(1));
  expect(account.origin?.offset).toBe(9);
});

test("the account balances after every step, in any order of settling", () => {
  const steps = fc.array(
    fc.record({
      items: fc.nat(9),
      dropped: fc.nat(9),
      gap: fc.nat(2),
      pick: fc.nat(),
      tenant: fc.constantFrom("a", "b"),
    }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(steps, (all) => {
      const account = new PartitionAccount(0, {});
      const open: { entry: ReturnType<PartitionAccount["enter"]>; dropped: number }[] = [];
      let offset = 0;
      for (const { items, dropped, gap, pick, tenant } of all) {
        offset += gap;
        open.push({ entry: account.enter(offset++, tenant, items), dropped: Math.min(dropped, items) });
        if (pick % 3 > 0) {
          const [one] = open.splice(pick % open.length, 1);
          if (one !== undefined) {
            account.settle(one.entry, {
              delivered: one.entry.items - one.dropped,
              dropped: one.dropped > 0 ? { "x/r": one.dropped } : {},
            });
          }
        }
        for (const row of account.live().values()) {
          expect(row.entered).toBe(row.delivered + sumDrops(row.dropped) + row.inFlight);
        }
        for (const row of Object.values(account.rows()))
          expect(row.entered).toBe(row.delivered + sumDrops(row.dropped));
        expect(account.low).toBe(open.length === 0 ? offset : Math.min(...open.map(({ entry }) => entry.offset)));
        expect(account.unsettled).toBe(open.length);
      }
    }),
    { numRuns: 300 },
  );
});
