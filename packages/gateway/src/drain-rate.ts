/** How fast bytes become durable, measured over the last seconds: what the wait of a refused client is computed from. */
import type { Clock } from "@rondo/core";

/** Seconds over which the rate is measured. */
const RATE_SECONDS = 5;

const LEAST_WAIT_MS = 1_000;

/** The longest wait that a client is asked for, milliseconds; the shortest is 1 s, the unit of Retry-After. */
export const LONGEST_WAIT_MS = 30_000;

/** One measurement. */
export interface DrainRate {
  /** Notes that `bytes` became durable. */
  drained(bytes: number): void;
  /**
   * Milliseconds in which `held` bytes drain at the rate of the last seconds; while nothing drains, as long as that has lasted.
   * Always from 1 s to 30 s.
   */
  waitMs(held: number): number;
}

/** A measurement that has seen nothing yet. */
export function drainRate(clock: Clock): DrainRate {
  let lastDrain = clock.monotonic();
  // Bytes drained per second, in a ring; `second` is the newest one's number.
  const perSecond = new Float64Array(RATE_SECONDS);
  let second = Math.floor(lastDrain / 1_000);

  const turn = (): number => {
    const at = clock.monotonic();
    const now = Math.floor(at / 1_000);
    if (now - second >= RATE_SECONDS) perSecond.fill(0);
    else for (let passed = second + 1; passed <= now; passed++) perSecond[passed % RATE_SECONDS] = 0;
    second = now;
    return at;
  };

  return {
    drained(bytes) {
      lastDrain = turn();
      perSecond[second % RATE_SECONDS] = (perSecond[second % RATE_SECONDS] ?? 0) + bytes;
    },
    waitMs(held) {
      const now = turn();
      const rate = perSecond.reduce((sum, bytes) => sum + bytes, 0) / RATE_SECONDS;
      return bounded(rate > 0 ? (held / rate) * 1_000 : now - lastDrain);
    },
  };
}

/** A wait that a client may be asked for. */
export function bounded(waitMs: number): number {
  return Math.min(LONGEST_WAIT_MS, Math.max(LEAST_WAIT_MS, waitMs));
}
