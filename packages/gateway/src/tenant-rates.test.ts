import { FakeClock } from "@rondo/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { tenantRates, UNLIMITED } from "./tenant-rates.ts";

const limits = { itemsPerSecond: 10, bytesPerSecond: 1000, burstMs: 2_000, weight: 1 };

test("a tenant without a rate never waits", () => {
  const rates = tenantRates(() => UNLIMITED, new FakeClock());
  rates.charge("a", 1e9, 1e9);
  expect(rates.waitMs("a")).toBe(0);
});

test("a burst goes at once, a larger request too, and then the tenant waits until it is paid for", async () => {
  const clock = new FakeClock();
  const rates = tenantRates(() => limits, clock);
  expect(rates.waitMs("a")).toBe(0);
  rates.charge("a", 10, 50);
  // 20 were there, 50 were taken; the next item is there after 31 at 10 a second.
  expect(rates.waitMs("a")).toBeCloseTo(3_100);
  expect(rates.waitMs("b")).toBe(0);
  await clock.advance(3_100);
  expect(rates.waitMs("a")).toBe(0);
});

test("the scarcer of items and bytes decides", () => {
  const rates = tenantRates(() => limits, new FakeClock());
  rates.charge("a", 12_000, 21);
  expect(rates.waitMs("a")).toBeCloseTo(10_001);
});

test("what is put back can be taken again, and never fills a bucket above its burst", async () => {
  const clock = new FakeClock();
  const rates = tenantRates(() => limits, clock);
  rates.charge("a", 0, 20);
  rates.refund("a", 0, 20);
  expect(rates.waitMs("a")).toBe(0);
  rates.refund("a", 0, 1_000);
  await clock.advance(1);
  rates.charge("a", 0, 20);
  expect(rates.waitMs("a")).toBeGreaterThan(0);
});

test("over any time a tenant gets its rate, its burst and one request, not more; one that waits as told is not refused", async () => {
  const request = fc.record({ items: fc.nat(40), bytes: fc.nat(3_000), pause: fc.nat(4_000) });
  await fc.assert(
    fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 60 }), async (requests) => {
      const clock = new FakeClock();
      const rates = tenantRates(() => limits, clock);
      let items = 0;
      let bytes = 0;
      for (const { pause, ...request } of requests) {
        await clock.advance(pause);
        const wait = rates.waitMs("a");
        const seconds = clock.monotonic() / 1_000;
        if (wait > 0) {
          await clock.advance(Math.ceil(wait));
          expect(rates.waitMs("a")).toBe(0);
        }
        // Before this request, all that went was within the rate and the burst, but for what overdrew it.
        expect(items).toBeLessThanOrEqual(10 * seconds + 20 + 40);
        expect(bytes).toBeLessThanOrEqual(1000 * seconds + 2000 + 3_000);
        rates.charge("a", request.bytes, request.items);
        items += request.items;
        bytes += request.bytes;
      }
    }),
    { numRuns: 60 },
  );
});
