/**
 * How much each tenant may send: a bucket of items and one of bytes per tenant, filled at the configured rate up to the burst.
 * A request goes as soon as both hold anything at all and may overdraw them, so that one larger than the burst is late, never
 * refused for good; over time nobody gets more than the rate.
 */
import type { TenantLimits } from "@rondo/config";
import type { Clock } from "@rondo/core";

/** The terms of a tenant where nothing is configured. */
export const UNLIMITED: TenantLimits = { itemsPerSecond: 0, bytesPerSecond: 0, burstMs: 1_000, weight: 1 };

/** The rates of all tenants of a gateway. */
export interface TenantRates {
  /** Milliseconds until the tenant may send again; 0 when it may. */
  waitMs(tenant: string): number;
  /** Takes a request out of the buckets, whatever they hold. */
  charge(tenant: string, bytes: number, items: number): void;
  /** Puts a request back that was charged and not accepted: its client will send it again. */
  refund(tenant: string, bytes: number, items: number): void;
}

/** What one tenant has left, at the time of `at`; either may be below zero. */
interface Bucket {
  items: number;
  bytes: number;
  at: number;
}

/** Full buckets for every tenant. Tenants are those of the configuration, hence few. */
export function tenantRates(limitsOf: (tenant: string) => TenantLimits, clock: Clock): TenantRates {
  const buckets = new Map<string, Bucket>();

  /** The tenant's bucket as of now; undefined for a tenant without a rate, who costs nothing here. */
  const bucketOf = (tenant: string, limits: TenantLimits): Bucket | undefined => {
    const { itemsPerSecond, bytesPerSecond, burstMs } = limits;
    if (itemsPerSecond === 0 && bytesPerSecond === 0) return undefined;
    const now = clock.monotonic();
    const burst = burstMs / 1_000;
    let bucket = buckets.get(tenant);
    if (bucket === undefined) {
      bucket = { items: itemsPerSecond * burst, bytes: bytesPerSecond * burst, at: now };
      buckets.set(tenant, bucket);
    }
    const passed = (now - bucket.at) / 1_000;
    bucket.items = Math.min(itemsPerSecond * burst, bucket.items + itemsPerSecond * passed);
    bucket.bytes = Math.min(bytesPerSecond * burst, bucket.bytes + bytesPerSecond * passed);
    bucket.at = now;
    return bucket;
  };

  const change = (tenant: string, bytes: number, items: number) => {
    const bucket = bucketOf(tenant, limitsOf(tenant));
    if (bucket === undefined) return;
    bucket.bytes += bytes;
    bucket.items += items;
  };

  return {
    waitMs(tenant) {
      const limits = limitsOf(tenant);
      const bucket = bucketOf(tenant, limits);
      if (bucket === undefined) return 0;
      return Math.max(
        untilAbove0(bucket.items, limits.itemsPerSecond),
        untilAbove0(bucket.bytes, limits.bytesPerSecond),
      );
    },
    charge: (tenant, bytes, items) => change(tenant, -bytes, -items),
    refund: change,
  };
}

/** Milliseconds in which `left` rises above 0 at `rate` a second; a rate of 0 is no limit. */
function untilAbove0(left: number, rate: number): number {
  return rate === 0 || left > 0 ? 0 : ((1 - left) / rate) * 1_000;
}
