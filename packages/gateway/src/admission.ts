/**
 * The admission account: bytes of requests that may be in flight at once. Credits are taken before a body is read or inflated and
 * given back when the bytes are let go, so memory stays bounded whatever clients send. Rules of the log 10.
 *
 * Among tenants it is shared by dynamic thresholds (Choudhury and Hahne, 1998): a tenant may hold at most weight × 4 times what
 * would stay free. So one that takes all it can leaves a fifth for whoever comes next, several such tenants end up with parts that
 * are as their weights, and nobody's part lies idle because it is kept for somebody who does not want it. Credits are not taken
 * back: a tenant above its part is refused until it has drained. One that has been alone for a minute may hold everything.
 */
import { type Clock, Fault } from "@rondo/core";
import { bounded, type DrainRate, drainRate, LONGEST_WAIT_MS } from "./drain-rate.ts";
import type { TenantRates } from "./tenant-rates.ts";

const MIB = 1 << 20;
const LEAST_CREDITS = 128 * MIB;

/** How many times what stays free a tenant of weight 1 may hold. */
const SHARE_OF_FREE = 4;

/** A tenant is alone when no other has asked for this long. */
const ALONE_MS = 60_000;

/**
 * The credits of a process under a memory limiter: its soft limit (limit − spike) less what it uses at rest, all in bytes of
 * anonymous memory. Throws a `config` Fault below 128 MiB: such an account would refuse ordinary load.
 */
export function creditsFrom(limitBytes: number, spikeBytes: number, restingBytes: number): number {
  const credits = Math.floor(limitBytes - spikeBytes - restingBytes);
  if (credits >= LEAST_CREDITS) return credits;
  const mib = (bytes: number) => `${Math.round(bytes / MIB)} MiB`;
  throw new Fault(
    "config",
    `memory_limiter: limit_mib less spike_limit_mib leaves ${mib(limitBytes - spikeBytes)}, and ${mib(restingBytes)} are in use at rest; ` +
      `raise limit_mib to ${Math.ceil((LEAST_CREDITS + spikeBytes + restingBytes) / MIB)} or more`,
  );
}

/** Credits held by one request. */
export interface Permit {
  /** Changes what is held to `bytes`; false when that is more than the account grants, and then nothing changes. */
  resize(bytes: number): boolean;
  /** Gives everything back. A second call does nothing. */
  release(): void;
}

/** Why bytes are not granted, and when to ask again. */
export interface Denial {
  /** `rate` and `share` are the tenant's own doing, `full` is everybody's; what is `never` granted exceeds the whole account. */
  readonly reason: "rate" | "share" | "full" | "never";
  /** As `retryAfterMs`, but for the tenant's rate, and for what the tenant itself holds where that is in the way. */
  readonly waitMs: number;
}

/** The account of one gateway. */
export interface Admission extends Pick<TenantRates, "charge" | "refund"> {
  readonly credits: number;
  /** Bytes that may be held at present: `credits`, or what they were lowered to. */
  readonly ceiling: number;
  /** Bytes held now; at most `credits`. */
  readonly inUse: number;
  /**
   * Lets only `bytes` be held from now on, or again all credits. What is held above that stays, and nothing is granted but to a
   * request that is alone.
   */
  lower(bytes: number): void;
  /**
   * Takes `bytes` for a request of the tenant, or returns undefined. Granted when the tenant is within its rate, the bytes are
   * there, and the tenant is then within its part; one that holds nothing needs only that the bytes are there.
   */
  take(bytes: number, tenant: string): Permit | undefined;
  /** Whether the tenant has sent more than its rate allows. */
  isOverRate(tenant: string): boolean;
  /** Why `bytes` more would not be granted to the tenant now. */
  denial(bytes: number, tenant: string): Denial;
  /** Notes that `bytes` of the tenant became durable: what drain rates are measured from. */
  drained(bytes: number, tenant: string): void;
  /**
   * Milliseconds after which a refused client should come back: the time in which what is held drains at the rate of the last
   * seconds; while nothing drains, as long as that has lasted. Always from 1 s to 30 s.
   */
  retryAfterMs(): number;
}

/** What the account knows of a tenant. */
interface Holder {
  held: number;
  readonly rate: DrainRate;
}

/** How tenants are told apart. */
export interface TenantTerms {
  /** At least 1; a tenant of weight 2 gets twice the part of one of weight 1. */
  readonly weightOf: (tenant: string) => number;
  readonly rates: TenantRates;
}

/** No tenant is limited, and all weigh the same. */
export const EQUAL_TERMS: TenantTerms = {
  weightOf: () => 1,
  rates: { waitMs: () => 0, charge() {}, refund() {} },
};

/** An account of `credits` bytes with nothing in flight. */
export function admission(credits: number, clock: Clock, { weightOf, rates }: TenantTerms = EQUAL_TERMS): Admission {
  let inUse = 0;
  let ceiling = credits;
  const all = drainRate(clock);
  // Tenants are those of the configuration, hence few.
  const holders = new Map<string, Holder>();
  let newest: string | undefined;
  /** When another tenant than `newest` last asked. */
  let otherAt = Number.NEGATIVE_INFINITY;
  let newestAt = Number.NEGATIVE_INFINITY;

  const holderOf = (tenant: string): Holder => {
    const found = holders.get(tenant);
    if (found !== undefined) return found;
    const made = { held: 0, rate: drainRate(clock) };
    holders.set(tenant, made);
    return made;
  };

  /** Notes who asks, so that a tenant with company can be told from one without. */
  const asked = (tenant: string) => {
    if (tenant !== newest) {
      if (newest !== undefined) otherAt = newestAt;
      newest = tenant;
    }
    newestAt = clock.monotonic();
  };
  const isAlone = () => clock.monotonic() - otherAt >= ALONE_MS;

  /** Whether a tenant may hold `bytes` for one request beside the `others` that it holds already, with `free` left after that. */
  const isGranted = (tenant: string, bytes: number, others: number, free: number): boolean => {
    if (free < 0) return false;
    if (others <= 0 || isAlone()) return true;
    return others + bytes <= weightOf(tenant) * SHARE_OF_FREE * free;
  };

  /** What is free beside `others`. Who is alone may hold everything: memory that stays must not keep a large request out for ever. */
  const freeBeside = (others: number) => (others === 0 ? credits : ceiling) - others;

  const isOverRate = (tenant: string) => rates.waitMs(tenant) > 0;

  return {
    credits,
    isOverRate,
    get ceiling() {
      return ceiling;
    },
    get inUse() {
      return inUse;
    },
    lower(bytes) {
      ceiling = bytes;
    },
    take(bytes, tenant) {
      asked(tenant);
      const holder = holderOf(tenant);
      if (isOverRate(tenant)) return undefined;
      if (!isGranted(tenant, bytes, holder.held, freeBeside(inUse) - bytes)) return undefined;
      let mine = bytes;
      inUse += bytes;
      holder.held += bytes;
      const change = (by: number) => {
        inUse += by;
        holder.held += by;
        mine += by;
      };
      return {
        resize(to) {
          const more = to - mine;
          if (more > 0 && !isGranted(tenant, to, holder.held - mine, freeBeside(inUse - mine) - to)) return false;
          change(more);
          return true;
        },
        release: () => change(-mine),
      };
    },
    denial(bytes, tenant) {
      const { held, rate } = holderOf(tenant);
      const rateMs = rates.waitMs(tenant);
      if (bytes > credits) return { reason: "never", waitMs: LONGEST_WAIT_MS };
      if (rateMs > 0) return { reason: "rate", waitMs: bounded(rateMs) };
      if (inUse + bytes > ceiling) return { reason: "full", waitMs: all.waitMs(inUse) };
      return { reason: "share", waitMs: rate.waitMs(held) };
    },
    drained(bytes, tenant) {
      all.drained(bytes);
      holderOf(tenant).rate.drained(bytes);
    },
    retryAfterMs: () => all.waitMs(inUse),
    charge: rates.charge,
    refund: rates.refund,
  };
}
