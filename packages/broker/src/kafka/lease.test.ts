import { FakeClock } from "@rondo/testkit";
import { expect, test } from "vitest";
import { LEASE_MARGIN_MS, Lease } from "./lease.ts";

test("counts from when the heartbeat was sent, however late its answer", async () => {
  const clock = new FakeClock();
  const lease = new Lease(clock, 6_000);
  expect(lease.isValid).toBe(false);
  const sentAt = lease.now();
  await clock.advance(4_000);
  lease.renew(sentAt);
  await clock.advance(6_000 - LEASE_MARGIN_MS - 4_000 - 1);
  expect(lease.isValid).toBe(true);
  await clock.advance(1);
  expect(lease.isValid).toBe(false);
});

test("an answer that comes out of order takes nothing back; the broker's word ends it", async () => {
  const clock = new FakeClock();
  const lease = new Lease(clock, 6_000);
  const early = lease.now();
  await clock.advance(5_000);
  lease.renew(lease.now());
  lease.renew(early);
  await clock.advance(3_000);
  expect(lease.isValid).toBe(true);
  lease.end();
  expect(lease.isValid).toBe(false);
});
