/** What every implementation of leases must do. Time passes through the clock that the factory hands out. */
import type { Leases } from "@rondo/windows";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

/** Leases under test. */
export interface LeasesUnderTest {
  readonly leases: Leases;
  /** The same leases, as another process sees them. */
  readonly other: Leases;
  /** Lets `ms` pass. */
  pass(ms: number): Promise<void>;
  dispose(): Promise<void>;
}

/** Long enough that nothing runs out while a busy machine is between two lines of a test. */
const LONG_MS = 60_000;

/** Declares the suite in the current test file. */
export function leasesContract(name: string, open: () => Promise<LeasesUnderTest>): void {
  describe(`${name} are leases`, () => {
    let under: LeasesUnderTest;
    let leases: Leases;
    let other: Leases;

    beforeEach(async () => {
      under = await open();
      ({ leases, other } = under);
    });
    afterEach(() => under.dispose());

    // A holder may ask again for what it has: the answer to its first question may have been lost.
    test("one holder at a time has a lease, and names do not touch each other", async () => {
      expect(await leases.acquire("group", "a", LONG_MS)).toBe(true);
      expect(await other.acquire("group", "b", LONG_MS)).toBe(false);
      expect(await other.acquire("group/2", "b", LONG_MS)).toBe(true);
      expect(await leases.acquire("group", "a", LONG_MS)).toBe(true);
    });

    // All replicas try at the same moment: when the holder has died.
    test("of many who try at once one gets it", async () => {
      const holders = Array.from({ length: 20 }, (_, index) => `h${index}`);
      const got = await Promise.all(holders.map((holder) => leases.acquire("group", holder, LONG_MS)));
      expect(got.filter(Boolean)).toHaveLength(1);
    });

    // A holder that slept finds out when it renews, and must not take away what another has by now.
    test("a lease that ran out is free, and its holder cannot renew it", async () => {
      expect(await leases.acquire("group", "a", 50)).toBe(true);
      await under.pass(51);
      expect(await leases.renew("group", "a", LONG_MS)).toBe(false);
      expect(await other.acquire("group", "b", LONG_MS)).toBe(true);
      expect(await leases.renew("group", "a", LONG_MS)).toBe(false);
      expect(await other.renew("group", "b", LONG_MS)).toBe(true);
    });

    // Counted from the renewal, not added up: a holder that dies leaves its lease behind for one term at most.
    test("renewing makes it last from now", async () => {
      expect(await leases.acquire("group", "a", 200)).toBe(true);
      expect(await leases.renew("group", "a", LONG_MS)).toBe(true);
      await under.pass(201);
      expect(await other.acquire("group", "b", LONG_MS)).toBe(false);
    });

    // A replica that ends must not end the lease of the one that took over from it.
    test("only its holder gives it back", async () => {
      expect(await leases.acquire("group", "a", LONG_MS)).toBe(true);
      await other.release("group", "b");
      expect(await other.acquire("group", "b", LONG_MS)).toBe(false);
      await leases.release("group", "a");
      await leases.release("group", "a");
      expect(await other.acquire("group", "b", LONG_MS)).toBe(true);
    });
  });
}
