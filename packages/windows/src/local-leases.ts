/** Leases within one process, for everything that runs on a single machine. */
import type { Clock } from "@rondo/core";
import type { Leases } from "./leases.ts";

interface Held {
  readonly holder: string;
  /** Monotonic, so that setting the clock neither ends a lease nor makes it last. */
  readonly until: number;
}

/** Leases that everything in this process shares which is handed the same object. */
export function localLeases(clock: Clock): Leases {
  const leases = new Map<string, Held>();

  /** The lease if it has not run out; one that has is forgotten, so that names which are gone take no room. */
  const standing = (name: string) => {
    const held = leases.get(name);
    if (held !== undefined && held.until > clock.monotonic()) return held;
    leases.delete(name);
    return undefined;
  };
  /** Lasts from now, not from where it would have ended. */
  const take = (name: string, holder: string, ttlMs: number) => {
    leases.set(name, { holder, until: clock.monotonic() + ttlMs });
    return true;
  };

  return {
    async acquire(name, holder, ttlMs) {
      const held = standing(name);
      return held === undefined || held.holder === holder ? take(name, holder, ttlMs) : false;
    },
    async renew(name, holder, ttlMs) {
      return standing(name)?.holder === holder && take(name, holder, ttlMs);
    },
    async release(name, holder) {
      if (standing(name)?.holder === holder) leases.delete(name);
    },
    async close() {
      leases.clear();
    },
  };
}
