import { Fault } from "@rondo/core";
import { FakeClock } from "@rondo/testkit";
import { type Leases, localLeases } from "@rondo/windows";
import { expect, test } from "vitest";
import { holdLease, LEASE_MS } from "./hold-lease.ts";

function rig() {
  const clock = new FakeClock();
  const inner = localLeases(clock);
  const faults: boolean[] = [];
  const rigged = { away: false, clock, inner, faults };
  const unlessAway = async (run: () => Promise<boolean>) => {
    if (rigged.away) throw new Fault("unavailable", "no answer");
    return run();
  };
  const leases: Leases = {
    ...inner,
    acquire: (name, holder, ttl) => unlessAway(() => inner.acquire(name, holder, ttl)),
    renew: (name, holder, ttl) => unlessAway(() => inner.renew(name, holder, ttl)),
  };
  const hold = (holder: string) =>
    holdLease({ leases, name: "g", holder, clock, reachable: (fault) => void faults.push(fault !== undefined) });
  return Object.assign(rigged, { hold });
}

test("is renewed for as long as it is held, and free again when it is released", async () => {
  const { clock, hold } = rig();
  const lease = await hold("a");
  expect(await hold("b")).toBeUndefined();
  await clock.advance(60_000);
  expect(lease?.standing()).toBe("held");
  expect(await hold("b")).toBeUndefined();
  await lease?.release();
  expect(lease?.standing()).toBe("lost");
  expect(await hold("b")).toBeDefined();
  expect(clock.pending).toBe(1);
});

test("is unsure once it may have run out without an answer, and held again with one", async () => {
  const rigged = rig();
  const { clock, hold, faults } = rigged;
  const lease = await hold("a");
  rigged.away = true;
  await clock.advance(LEASE_MS - 501);
  expect(lease?.standing()).toBe("held");
  expect(await lease?.confirm()).toBe(false);
  await clock.advance(1);
  expect(lease?.standing()).toBe("unsure");
  rigged.away = false;
  // Still ours over there: it was renewed by nobody, and it had not run out.
  expect(await lease?.confirm()).toBe(true);
  expect(lease?.standing()).toBe("held");
  expect([faults.includes(true), faults.at(-1)]).toEqual([true, false]);
});

test("is lost for good when another has it, and says so", async () => {
  const rigged = rig();
  const { clock, hold, inner } = rigged;
  const lease = await hold("a");
  await inner.release("g", "a");
  expect(await hold("b")).toBeDefined();
  await clock.advance(3_000);
  expect([lease?.standing(), lease?.lost.aborted, await lease?.confirm()]).toEqual(["lost", true, false]);
});

test("cannot be had while nobody answers", async () => {
  const rigged = rig();
  rigged.away = true;
  await expect(rigged.hold("a")).rejects.toMatchObject({ code: "unavailable" });
});
